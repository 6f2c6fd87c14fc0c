import type { Random } from './random.ts';

/** What can go wrong in the simulated bot, as its programs would say it. */
export interface Fault {
  status: 'error' | 'timeout' | 'rate_limited';
  code: string;
  message: string;
  stack: string;
}

const stackOf = (name: string, message: string, frames: readonly string[]): string =>
  [`${name}: ${message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n');

/** How long a query waits for a connection before it gives up. */
export const acquireTimeoutMs = 5_000;

export function poolTimeout(
  pool: { size: number; waiting: number },
  requestId: string,
  caller: string,
): Fault {
  const message = `timed out after ${acquireTimeoutMs} ms acquiring a connection from pool "main" (${pool.size} of ${pool.size} in use, ${pool.waiting} waiting), request ${requestId}`;
  return {
    status: 'timeout',
    code: 'DB_POOL_TIMEOUT',
    message,
    stack: stackOf('PoolTimeoutError', message, [
      'Pool.acquire (/app/node_modules/db-pool/lib/pool.js:214:19)',
      'Database.withConnection (/app/src/database.ts:58:31)',
      caller,
      'handle (/app/src/worker.ts:41:5)',
    ]),
  };
}

export function quotaSpent(resetAt: number): Fault {
  const message = `API rate limit exceeded for installation 5123077; it resets at ${new Date(resetAt).toISOString()}`;
  return {
    status: 'rate_limited',
    code: 'CODE_HOST_RATE_LIMITED',
    message,
    stack: stackOf('RateLimitError', message, [
      'CodeHost.request (/app/src/codeHost.ts:97:13)',
      'listChanges (/app/src/sync.ts:33:22)',
    ]),
  };
}

type Everyday = (random: Random) => Fault;

const badGateway: Everyday = () => {
  const message = 'code host answered 502 Bad Gateway';
  const frames = ['CodeHost.request (/app/src/codeHost.ts:88:11)', 'listChanges (/app/src/sync.ts:33:22)'];
  return { status: 'error', code: 'CODE_HOST_502', message, stack: stackOf('HttpError', message, frames) };
};

const upstreamTimeout: Everyday = (random) => {
  const host = random.pick(['weather', 'translate', 'calendar']);
  const message = `${host}: no answer within 3000 ms`;
  const frames = ['Timeout.<anonymous> (/app/src/outbound.ts:29:16)', 'callApi (/app/src/apiCall.ts:52:9)'];
  return {
    status: 'timeout',
    code: 'UPSTREAM_TIMEOUT',
    message,
    stack: stackOf('TimeoutError', message, frames),
  };
};

const tooLarge: Everyday = (random) => {
  const megabytes = 26 + random.int(60);
  const message = `upload of ${megabytes} MB is over the limit of 25 MB`;
  const frames = ['checkSize (/app/src/files.ts:19:11)', 'saveFile (/app/src/files.ts:47:3)'];
  return { status: 'error', code: 'FILE_TOO_LARGE', message, stack: stackOf('LimitError', message, frames) };
};

const deadlock: Everyday = (random) => {
  const message = `deadlock detected: process ${1000 + random.int(9000)} waits for ShareLock on transaction ${100_000 + random.int(900_000)}`;
  const frames = [
    'Connection.parseError (/app/node_modules/db-client/lib/connection.js:301:15)',
    'runQuery (/app/src/queries.ts:24:12)',
  ];
  return { status: 'error', code: 'DB_DEADLOCK', message, stack: stackOf('DatabaseError', message, frames) };
};

const emptyIndex: Everyday = (random) => {
  const message = `Cannot read properties of undefined (reading 'score')`;
  const frames = [
    `rank (/app/src/ranking.ts:${random.pick([71, 71, 88])}:24)`,
    'search (/app/src/search.ts:36:18)',
  ];
  return { status: 'error', code: 'TypeError', message, stack: stackOf('TypeError', message, frames) };
};

/** The faults of every ordinary day, with how often each befalls a request. */
export const everydayFaults = {
  search: { probability: 0.004, fault: emptyIndex },
  github_sync: { probability: 0.015, fault: badGateway },
  file_save: { probability: 0.008, fault: tooLarge },
  db_query: { probability: 0.002, fault: deadlock },
  api_call: { probability: 0.018, fault: upstreamTimeout },
} as const satisfies Record<string, { probability: number; fault: Everyday }>;
