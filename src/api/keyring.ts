import { hash } from 'node:crypto';
import { ChronoscopeError } from '../domain/errors.ts';
import { currentVersion, type Role } from '../domain/events/catalogue.ts';
import type { NewEvent, RecordedEvent } from '../domain/events/envelope.ts';
import {
  decideKeys,
  evolveKeys,
  initialKeys,
  isActive,
  type Key,
  type KeyCommand,
  type KeyFact,
  type KeyRefusal,
  keysStream,
} from '../domain/keys.ts';
import type { EventLog } from '../projections/ports.ts';
import type { Authenticate, Caller } from './ports.ts';

export interface KeyringDeps {
  log: Pick<EventLog, 'append' | 'readStream'>;
  /** Epoch milliseconds. */
  clock: () => number;
  random: (bytes: number) => Uint8Array;
  newId: () => string;
  /** From the configuration; without it the very first start makes one. */
  adminKey?: string | undefined;
  /** How soon keys issued or revoked by other processes are seen here. */
  followEveryMs?: number;
  onError?: (error: unknown) => void;
}

/** What may be told of a key: never its hash. */
export type KeyInfo = Omit<Key, 'hash'>;

export interface Keyring {
  authenticate: Authenticate;
  /** The only moment at which the key itself is known. */
  issue(wanted: { role: Role; name: string; project: string }): Promise<{ key: string; info: KeyInfo }>;
  revoke(keyId: string): Promise<KeyInfo>;
  list(): KeyInfo[];
  /** Set on the very first start without a configured key, to be shown once. */
  readonly firstAdminKey: string | undefined;
  /** Reads what other processes have appended. */
  refresh(): Promise<void>;
  close(): void;
}

// The prefix and the fixed length let secret scanners find a key that got into a repository or a paste.
const roleLetter: Record<Role, string> = { ingest: 'i', user: 'u', power_user: 'p', admin: 'a' };

const generateKey = (role: Role, random: (bytes: number) => Uint8Array): string =>
  `chr_${roleLetter[role]}_${Buffer.from(random(32)).toString('base64url')}`;

/**
 * 256 random bits cannot be guessed, so a fast hash is as good as a slow one; and since the hash is what is looked
 * up, the time that a look-up takes says nothing of a valid key.
 */
const hashOf = (key: string): string => hash('sha256', key);

export async function createKeyring(deps: KeyringDeps): Promise<Keyring> {
  const { log, clock, random, newId } = deps;
  let keys = initialKeys();
  let nextRevision = 0;
  let callers: ReadonlyMap<string, Caller> = new Map();
  const serially = createQueue();

  const readOn = async (): Promise<void> => {
    for await (const events of log.readStream(keysStream, { fromRevision: nextRevision })) {
      nextRevision += events.length;
      for (const event of events) if (isKeyEvent(event)) keys = evolveKeys(keys, event);
      callers = callersOf(keys.values());
    }
  };

  /** Decides, appends, and decides again on the newest state when another process was quicker. */
  const carryOut = async (command: KeyCommand, isWanted = () => true): Promise<void> => {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await readOn();
      if (!isWanted()) return;
      const decision = decideKeys(command, keys);
      if (decision.kind === 'refused') throw refusalOf(decision.reason);
      if (decision.facts.length === 0) return;
      const events = decision.facts.map((fact) => recordable(fact, newId(), clock()));
      const expected = nextRevision === 0 ? 'none' : nextRevision - 1;
      const outcome = await log.append([{ stream: keysStream, events, expected }]);
      if (outcome.kind === 'appended') return readOn();
    }
    throw new ChronoscopeError('CHR_CONFLICT', 'Others keep changing the keys at the same moment.');
  };

  const newKeyId = (): string => `key_${Buffer.from(random(8)).toString('hex')}`;
  await readOn();
  const bootstrap = (key: string) => ({ kind: 'bootstrap', keyId: newKeyId(), hash: hashOf(key) }) as const;
  let firstAdminKey: string | undefined;
  if (deps.adminKey !== undefined) await carryOut(bootstrap(deps.adminKey));
  else if (nextRevision === 0) {
    const made = generateKey('admin', random);
    // Of several processes at their very first start, the quickest one's key is it.
    await carryOut(bootstrap(made), () => nextRevision === 0);
    if (callers.has(hashOf(made))) firstAdminKey = made;
  }
  const stopFollowing = repeat(() => serially(readOn), deps.followEveryMs ?? 2_000, deps.onError);

  const infoOf = (keyId: string): KeyInfo => {
    const key = keys.get(keyId);
    if (key === undefined) throw refusalOf('unknown_key');
    return withoutHash(key);
  };

  return {
    authenticate: (key) => callers.get(hashOf(key)),
    async issue({ role, name, project }) {
      const key = generateKey(role, random);
      const keyId = newKeyId();
      const hash = hashOf(key);
      await serially(() => carryOut({ kind: 'issue', key: { keyId, hash, role, name, project } }));
      return { key, info: infoOf(keyId) };
    },
    async revoke(keyId) {
      await serially(() => carryOut({ kind: 'revoke', keyId }));
      return infoOf(keyId);
    },
    list: () => [...keys.values()].map(withoutHash),
    firstAdminKey,
    refresh: () => serially(readOn),
    close: stopFollowing,
  };
}

/** One at a time: two readers of the same stretch of the stream would count it twice. */
function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work, work);
    last = result;
    return result;
  };
}

/** The next round begins when the last one has ended, so that a slow log is not asked ever more. */
function repeat(work: () => Promise<void>, everyMs: number, onError?: (error: unknown) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const schedule = (): void => {
    if (!stopped) timer = setTimeout(() => work().catch(onError).finally(schedule), everyMs).unref();
  };
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

const isKeyEvent = (event: RecordedEvent): event is RecordedEvent<'KeyIssued' | 'KeyRevoked'> =>
  event.type === 'KeyIssued' || event.type === 'KeyRevoked';

const callersOf = (keys: Iterable<Key>): ReadonlyMap<string, Caller> =>
  new Map(
    [...keys].filter(isActive).map(({ hash, keyId, role, project }) => [hash, { keyId, role, project }]),
  );

const withoutHash = ({ hash: _, ...info }: Key): KeyInfo => info;

const recordable = (fact: KeyFact, id: string, occurredAt: number): NewEvent => ({
  ...fact,
  id,
  version: currentVersion[fact.type],
  occurredAt,
  project: 'default',
  service: 'chronoscope',
});

function refusalOf(reason: KeyRefusal): ChronoscopeError {
  switch (reason) {
    case 'unknown_key':
      return new ChronoscopeError('CHR_NOT_FOUND', 'There is no key with this id.');
    case 'already_revoked':
      return new ChronoscopeError('CHR_CONFLICT', 'This key was revoked before.');
    case 'last_admin':
      return new ChronoscopeError('CHR_KEY_LAST_ADMIN', 'The last admin key cannot be revoked.');
    case 'reserved_name':
      return new ChronoscopeError(
        'CHR_INVALID_REQUEST',
        'The name "bootstrap" is kept for the first admin key.',
      );
    case 'hash_in_use':
      return new ChronoscopeError('CHR_CONFLICT', 'This key is in use already, with another role.');
  }
}
