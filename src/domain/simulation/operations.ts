import { acquireTimeoutMs, everydayFaults, type Fault, poolTimeout, quotaSpent } from './faults.ts';
import type { Random } from './random.ts';
import type { Service } from './story.ts';

/** What a request finds when it arrives. */
export interface Surroundings {
  requestId: string;
  /** The pool's pressure, 0 to 1. */
  pressure: number;
  poolSize: number;
  /** When the code host's quota comes back, if it is spent. */
  quotaBackAt: number | undefined;
}

/** One thing that a request does; the request is as long as its steps together. */
export interface Step {
  name: string;
  service: Service;
  kind: 'internal' | 'client' | 'server';
  durationMs: number;
  fault?: Fault;
}

export interface Run {
  steps: Step[];
  fault?: Fault;
  /** How often a sync read everything from the code host. */
  attempts: number;
}

export const operations = ['search', 'api_call', 'file_save', 'db_query', 'github_sync'] as const;
export type Operation = (typeof operations)[number];

export const serviceOf: Readonly<Record<Operation, Service>> = {
  search: 'bot',
  api_call: 'bot',
  file_save: 'bot',
  db_query: 'worker',
  github_sync: 'worker',
};

/** Calls to the code host in one sync: its pages of changes. */
export const callsPerSync = 15;
const mostAttempts = 5;

const step = (
  name: string,
  service: Service,
  kind: Step['kind'],
  durationMs: number,
  fault?: Fault,
): Step => ({ name, service, kind, durationMs, ...(fault && { fault }) });

/** Waits for a connection, then uses it; under pressure the wait is long, or ends without one. */
function database(
  random: Random,
  around: Surroundings,
  name: string,
  caller: string,
  heaviness: number,
): Step[] {
  const relaxed = random.logNormal(0.4, 0.5);
  const pressed = around.pressure ** 2 * random.logNormal(1_800 * heaviness, 1);
  const wait = relaxed + pressed;
  if (wait < acquireTimeoutMs) {
    const query = random.logNormal(9 * heaviness, 0.6);
    return [step('db.acquire', 'worker', 'internal', wait), step(name, 'worker', 'client', query)];
  }
  const waiting = 20 + Math.floor(30 * around.pressure * random.between(0.5, 1.2));
  const fault = poolTimeout({ size: around.poolSize, waiting }, around.requestId, caller);
  return [step('db.acquire', 'worker', 'internal', acquireTimeoutMs + random.between(0, 4), fault)];
}

type Script = (random: Random, around: Surroundings) => { steps: Step[]; attempts?: number };

const search: Script = (random, around) => {
  const found = database(random, around, 'SELECT documents', 'search (/app/src/search.ts:31:20)', 1);
  const steps = [step('parse query', 'bot', 'internal', random.logNormal(2, 0.4)), ...found];
  if (found.every(({ fault }) => fault === undefined))
    steps.push(step('rank results', 'bot', 'internal', random.logNormal(110, 0.5)));
  return { steps };
};

const apiCall: Script = (random) => ({
  steps: [
    step('build request', 'bot', 'internal', random.logNormal(1.5, 0.4)),
    step('GET upstream', 'bot', 'client', random.logNormal(190, 0.55)),
  ],
});

const fileSave: Script = (random) => ({
  steps: [
    step('scan file', 'bot', 'internal', random.logNormal(14, 0.6)),
    step('PUT object', 'bot', 'client', random.logNormal(55, 0.7)),
  ],
});

const dbQuery: Script = (random, around) => ({
  steps: database(random, around, 'SELECT rows', 'runQuery (/app/src/queries.ts:24:12)', 2),
});

/** A sync that could not write reads everything again: this is what eats the quota. */
const githubSync: Script = (random, around) => {
  const steps: Step[] = [];
  let attempts = 0;
  while (attempts < mostAttempts) {
    if (around.quotaBackAt !== undefined) {
      steps.push(
        step('GET changes', 'worker', 'client', random.logNormal(80, 0.3), quotaSpent(around.quotaBackAt)),
      );
      break;
    }
    attempts += 1;
    steps.push(step('GET changes', 'worker', 'client', random.logNormal(620, 0.45)));
    const write = database(random, around, 'UPSERT commits', 'writeCommits (/app/src/sync.ts:61:14)', 6);
    steps.push(...write);
    if (write.every(({ fault }) => fault === undefined)) break;
  }
  return { steps, attempts };
};

const scripts: Readonly<Record<Operation, Script>> = {
  search,
  api_call: apiCall,
  file_save: fileSave,
  db_query: dbQuery,
  github_sync: githubSync,
};

/** Plays one request through. */
export function play(operation: Operation, random: Random, around: Surroundings): Run {
  const { steps, attempts = 0 } = scripts[operation](random, around);
  const everyday = everydayFaults[operation];
  const last = steps.at(-1);
  if (last !== undefined && last.fault === undefined && random.chance(everyday.probability)) {
    last.fault = everyday.fault(random);
    if (last.fault.status === 'timeout') last.durationMs = 3_000 + random.between(0, 4);
  }
  const fault = last?.fault;
  return { steps, attempts, ...(fault && { fault }) };
}
