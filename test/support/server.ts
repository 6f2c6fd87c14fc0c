import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { type AppInstance, createServer, type ServerDeps } from '../../src/api/http/server.ts';
import { createKeyring, type Keyring, type KeyringDeps } from '../../src/api/keyring.ts';
import type { Caller } from '../../src/api/ports.ts';
import { createUuidV7Factory } from '../../src/domain/uuid.ts';
import type { EventLog } from '../../src/projections/ports.ts';

/** Keys that say what they are: `admin@*`, `user@shop`. */
function authenticateByName(key: string): Caller | undefined {
  const [role, project] = key.split('@');
  if (project === undefined) return undefined;
  return { keyId: key, role: role as Caller['role'], project };
}

export const as = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });

export const openServer = (deps: Partial<ServerDeps> = {}): Promise<AppInstance> =>
  createServer({
    settings: { bodyLimitBytes: 1_000, requestTimeoutMs: 30_000, trustProxy: [] },
    logger: pino({ level: 'silent' }),
    version: '1.2.3',
    authenticate: authenticateByName,
    limiter: { check: () => ({ allowed: true, limit: 0, remaining: 0, resetMs: 0 }) },
    ...deps,
  });

const newId = createUuidV7Factory({ now: Date.now, randomBytes });

/** Follows other processes only when asked to, so that tests decide the order. */
export const openKeyring = (
  log: EventLog = createMemoryLog({ clock: Date.now }),
  deps: Partial<KeyringDeps> = {},
): Promise<Keyring> =>
  createKeyring({ log, clock: Date.now, random: randomBytes, newId, followEveryMs: 1e9, ...deps });
