import type { Native } from '../native/schema.ts';
import { type Operation, play, type Run, type Step, type Surroundings, serviceOf } from './operations.ts';
import type { Person } from './people.ts';
import { createRandom, drawUuid, type Random } from './random.ts';
import type { Service } from './story.ts';

/** An event as the simulated bot sends it: the short form, with its id and time always said. */
export type SimulatedEvent = Native & { id: string; time: number };

/** One request that came in, with its own seed, so that it can be played without those before it. */
export interface Arrival {
  at: number;
  operation: Operation;
  person: Person | undefined;
  seed: string;
}

export interface Played {
  events: SimulatedEvent[];
  run: Run;
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100;

export function playArrival(
  arrival: Arrival,
  around: Omit<Surroundings, 'requestId'>,
  versionOf: (service: Service) => string,
): Played {
  const random = createRandom(arrival.seed);
  const request = identify(arrival, random);
  const run = play(arrival.operation, random, { ...around, requestId: request.requestId });
  const common = { operation: arrival.operation, ...request };
  const endedAt = arrival.at + run.steps.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const tell = teller(random, versionOf);
  const events = [
    ...opening(arrival, common, random, tell),
    ...run.steps.flatMap((step, index) =>
      stepEvents(arrival, common, run.steps.slice(0, index), step, random, tell),
    ),
    ...ending(arrival, common, run, endedAt, tell),
  ];
  return { events, run };
}

interface Correlation {
  operation: Operation;
  requestId: string;
  traceId: string;
  spanId: string;
  userId?: string;
}

type Fields = Omit<SimulatedEvent, 'id' | 'time'> & { service: Service };
type Tell = (time: number, fields: Fields) => SimulatedEvent;

function identify({ at, person }: Arrival, random: Random) {
  return {
    requestId: drawUuid(random, at),
    traceId: random.hex(32),
    spanId: random.hex(16),
    ...(person && { userId: person.id }),
  };
}

/** Gives an event its id, its time and the version of the service that tells it. */
const teller =
  (random: Random, versionOf: (service: Service) => string): Tell =>
  (time, fields) => ({
    id: drawUuid(random, time),
    time: Math.round(time),
    ...fields,
    attributes: { version: versionOf(fields.service), ...fields.attributes },
  });

function opening(arrival: Arrival, common: Correlation, random: Random, tell: Tell): SimulatedEvent[] {
  const service = serviceOf[arrival.operation];
  const text = (message: string) => [
    tell(arrival.at, { type: 'log', level: 'info', service, ...common, message }),
  ];
  if (arrival.operation === 'search' && arrival.person !== undefined) {
    const { searches, code } = arrival.person.language;
    return text(`search [${code}]: "${random.pick(searches)}"`);
  }
  if (arrival.operation === 'github_sync') return text(`syncing repository ${random.pick(repositories)}`);
  return [];
}

const repositories = [
  'atlas/core',
  'atlas/web',
  'atlas/docs',
  'lumen/firmware',
  'lumen/tools',
  'orbit/api',
] as const;

function stepEvents(
  arrival: Arrival,
  common: Correlation,
  before: readonly Step[],
  step: Step,
  random: Random,
  tell: Tell,
): SimulatedEvent[] {
  const { name, service, kind, durationMs, fault } = step;
  const startedAt = arrival.at + before.reduce((sum, each) => sum + each.durationMs, 0);
  const span: Fields = {
    type: 'span',
    ...common,
    service,
    name,
    status: fault?.status ?? 'success',
    durationMs: rounded(durationMs),
    spanId: random.hex(16),
    parentSpanId: common.spanId,
    attributes: { kind },
    ...(fault && { errorCode: fault.code, errorMessage: fault.message }),
  };
  const events = [tell(startedAt + durationMs, span)];
  const attempt = before.filter((each) => each.fault !== undefined).length + 1;
  if (fault !== undefined && arrival.operation === 'github_sync' && fault.status === 'timeout') {
    const message = `writing commits failed in attempt ${attempt}, reading all changes again: ${fault.code}`;
    events.push(tell(startedAt + durationMs, { type: 'log', level: 'warn', service, ...common, message }));
  }
  return events;
}

function ending(
  arrival: Arrival,
  common: Correlation,
  { steps, fault, attempts }: Run,
  endedAt: number,
  tell: Tell,
): SimulatedEvent[] {
  const service = serviceOf[arrival.operation];
  const language = arrival.person && { language: arrival.person.language.code };
  const attributes = { ...language, ...(attempts > 0 && { attempts }) };
  const request: Fields = {
    type: 'request',
    service,
    ...common,
    status: fault?.status ?? 'success',
    durationMs: rounded(endedAt - arrival.at),
    attributes,
    ...(fault && { errorCode: fault.code, errorMessage: fault.message }),
  };
  if (fault === undefined) return [tell(endedAt, request)];
  const { code: errorCode, message: errorMessage, stack } = fault;
  const failedIn = steps.at(-1)?.service ?? service;
  const error: Fields = {
    type: 'error',
    service: failedIn,
    ...common,
    errorCode,
    errorMessage,
    stack,
    attributes,
  };
  return [tell(endedAt, error), tell(endedAt, request)];
}
