import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import type { IngestRouteDeps } from '../../src/api/http/ingest.ts';
import { ingestRoutes } from '../../src/api/http/ingest.ts';
import { type AppInstance, closeServer, createServer } from '../../src/api/http/server.ts';
import { createIngest, type IngestDeps } from '../../src/api/ingest.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { createUuidV7Factory } from '../../src/domain/uuid.ts';
import type { EventLog } from '../../src/projections/ports.ts';

export const noon = Date.UTC(2026, 0, 31, 12);

/** Keys of the tests: what each may do is in its name. */
const callers = {
  'ingest-shop': { keyId: 'k1', role: 'ingest', project: 'shop' },
  'ingest-all': { keyId: 'k2', role: 'ingest', project: '*' },
} as const;

export interface Door {
  app: AppInstance;
  address: string;
  ingest: ReturnType<typeof createIngest>;
  log: EventLog;
  /** Everything in the log, in its order. */
  stored(): Promise<RecordedEvent[]>;
  close(): Promise<void>;
}

export async function openDoor(
  options: Partial<IngestDeps> & { bodyLimits?: IngestRouteDeps['limits']; memory?: EventLog } = {},
): Promise<Door> {
  const { bodyLimits, memory, ...overrides } = options;
  const clock = () => noon;
  const log = memory ?? createMemoryLog({ clock });
  const ingest = createIngest({
    log,
    redact: (event) => event,
    newId: createUuidV7Factory({ now: clock, randomBytes }),
    clock,
    ...overrides,
  });
  const app = await createServer({
    settings: { bodyLimitBytes: 1024, requestTimeoutMs: 30_000, trustProxy: [] },
    logger: pino({ level: 'silent' }),
    version: '0.0.0',
    authenticate: (key) => (Object.hasOwn(callers, key) ? callers[key as keyof typeof callers] : undefined),
    limiter: { check: () => ({ allowed: true, limit: 0, remaining: 0, resetMs: 0 }) },
  });
  ingestRoutes(app, { ingest, ...(bodyLimits === undefined ? {} : { limits: bodyLimits }) });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    app,
    address,
    ingest,
    log,
    stored: () => readAll(log),
    async close() {
      await closeServer(app, 1_000);
      await log.close();
    },
  };
}

export async function readAll(log: EventLog): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const batch of log.read()) events.push(...batch.events);
  return events;
}

export interface Sent {
  status: number;
  headers: Headers;
  // Tests look into answers of many shapes.
  body: { [field: string]: unknown } & { error?: { code: string; message: string; details?: unknown } };
}

export async function send(
  door: Door,
  body: string | Uint8Array | undefined,
  headers: Record<string, string> = {},
  query = '',
): Promise<Sent> {
  const response = await fetch(`${door.address}/v1/events${query}`, {
    method: 'POST',
    headers: { authorization: 'Bearer ingest-shop', 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: body as string }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Sent['body'],
  };
}

export const sendJson = (door: Door, value: unknown, headers: Record<string, string> = {}): Promise<Sent> =>
  send(door, JSON.stringify(value), headers);
