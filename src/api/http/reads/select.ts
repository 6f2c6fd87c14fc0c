import type { FastifyRequest } from 'fastify';
import { ChronoscopeError } from '../../../domain/errors.ts';
import { parseDuration } from '../../../domain/units.ts';
import { type Fault, isFault, readTime, readWindow } from '../../../domain/window.ts';
import type { EventLog } from '../../../projections/ports.ts';
import type { Selection } from '../../../projections/queries/selection.ts';
import type { Standings } from '../../../projections/standings.ts';
import { callerOf, projectFor } from '../auth.ts';
import type { PresenceQuery, WindowQuery } from './query.ts';

export interface SelectDeps {
  log: Pick<EventLog, 'parsePosition' | 'distance'>;
  runner: Pick<Standings, 'reached'>;
  clock: () => number;
}

export interface Presence {
  project: string;
  asOf: number | undefined;
}

const defaultWaitMs = 5_000;
const longestWaitMs = 60_000;

export const badParameter = ({ parameter, message }: Fault): ChronoscopeError =>
  new ChronoscopeError('CHR_INVALID_REQUEST', `querystring "${parameter}": ${message}`, {
    details: [{ in: 'querystring', path: parameter, message }],
  });

/** Whose events are asked for and as of when; waits for `after` first. */
export async function presenceOf(
  deps: SelectDeps,
  request: FastifyRequest,
  query: PresenceQuery,
): Promise<Presence> {
  const project = projectFor(callerOf(request), query.project);
  const asOf = readTime('asOf', query.asOf);
  if (asOf !== undefined && isFault(asOf)) throw badParameter(asOf);
  await awaitPosition(deps, query);
  return { project, asOf };
}

/** The same for reads over a window. */
export async function selectionOf(
  deps: SelectDeps,
  request: FastifyRequest,
  query: WindowQuery,
): Promise<Selection> {
  const project = projectFor(callerOf(request), query.project);
  // Faults are told before anything is waited for; the window itself begins when the waiting is over.
  const early = readWindow(query, deps.clock());
  if (isFault(early)) throw badParameter(early);
  await awaitPosition(deps, query);
  const window = readWindow(query, deps.clock());
  if (isFault(window)) throw badParameter(window);
  const { asOf, from, to } = window;
  return { project, service: query.service, operation: query.operation, window: { from, to }, asOf };
}

async function awaitPosition({ log, runner }: SelectDeps, { after, wait }: PresenceQuery): Promise<void> {
  const waitMs = wait === undefined ? defaultWaitMs : wait === '0' || wait === '0s' ? 0 : parseDuration(wait);
  if (waitMs === undefined || waitMs > longestWaitMs) {
    throw badParameter({ parameter: 'wait', message: 'allowed are 0s to 60s, as in 500ms or 5s' });
  }
  if (after === undefined) return;
  const position = log.parsePosition(after);
  if (position === undefined) {
    throw badParameter({
      parameter: 'after',
      message: 'this is no position of this log; use one that it answered with',
    });
  }
  // Before the first event there is nothing to wait for.
  if (log.distance(undefined, position) === 0 || (await runner.reached(position, waitMs))) return;
  const message = `The projections did not pass position ${after} within ${waitMs} ms.`;
  throw new ChronoscopeError('CHR_WAIT_TIMEOUT', message, {
    details: { after, waitMs },
    retryAfterSeconds: 1,
  });
}
