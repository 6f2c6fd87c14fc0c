import type { Role } from './events/catalogue.ts';
import type { NewEvent } from './events/envelope.ts';

/** The keys of an engine, decided from the events of one stream. */
export const keysStream = 'config-keys';

/** The key that comes from the configuration or was made on the first start; there is one at a time. */
export const bootstrapName = 'bootstrap';

export interface Key {
  keyId: string;
  hash: string;
  role: Role;
  name: string;
  /** `*` is every project. */
  project: string;
  issuedAt: number;
  revokedAt?: number;
}

/** By id, revoked ones included. */
export type Keys = ReadonlyMap<string, Key>;

/** What a decision says happened; the envelope's id and place in the log are added where it is recorded. */
export type KeyFact =
  | Pick<NewEvent<'KeyIssued'>, 'type' | 'data'>
  | Pick<NewEvent<'KeyRevoked'>, 'type' | 'data'>;

export type KeyCommand =
  | { kind: 'issue'; key: Pick<Key, 'keyId' | 'hash' | 'role' | 'name' | 'project'> }
  | { kind: 'revoke'; keyId: string }
  /** Sees to it that the administrator's own key is valid, and that no former one is. */
  | { kind: 'bootstrap'; keyId: string; hash: string };

export type KeyRefusal = 'unknown_key' | 'already_revoked' | 'last_admin' | 'reserved_name' | 'hash_in_use';
export type KeyDecision =
  | { kind: 'accepted'; facts: readonly KeyFact[] }
  | { kind: 'refused'; reason: KeyRefusal };

export const initialKeys = (): Keys => new Map();

export const isActive = (key: Pick<Key, 'revokedAt'>): boolean => key.revokedAt === undefined;

/** Only such a key can issue others for every project, so one must always be left. */
const isFullAdmin = (key: Key): boolean => key.role === 'admin' && key.project === '*';

export function decideKeys(command: KeyCommand, keys: Keys): KeyDecision {
  switch (command.kind) {
    case 'issue':
      return issue(command.key, keys);
    case 'revoke':
      return revoke(command.keyId, keys);
    case 'bootstrap':
      return bootstrap(command, keys);
  }
}

export function evolveKeys(keys: Keys, event: KeyFact & { occurredAt: number }): Keys {
  const next = new Map(keys);
  switch (event.type) {
    case 'KeyIssued': {
      const { keyProject: project, ...issued } = event.data;
      return next.set(issued.keyId, { ...issued, project, issuedAt: event.occurredAt });
    }
    case 'KeyRevoked': {
      const key = keys.get(event.data.keyId);
      return key === undefined ? keys : next.set(key.keyId, { ...key, revokedAt: event.occurredAt });
    }
  }
}

function issue(key: Pick<Key, 'keyId' | 'hash' | 'role' | 'name' | 'project'>, keys: Keys): KeyDecision {
  if (key.name === bootstrapName) return { kind: 'refused', reason: 'reserved_name' };
  if (activeWith(key.hash, keys) !== undefined) return { kind: 'refused', reason: 'hash_in_use' };
  return { kind: 'accepted', facts: [issued(key)] };
}

function revoke(keyId: string, keys: Keys): KeyDecision {
  const key = keys.get(keyId);
  if (key === undefined) return { kind: 'refused', reason: 'unknown_key' };
  if (!isActive(key)) return { kind: 'refused', reason: 'already_revoked' };
  const left = active(keys).filter((other) => other !== key);
  if (isFullAdmin(key) && !left.some(isFullAdmin)) return { kind: 'refused', reason: 'last_admin' };
  return { kind: 'accepted', facts: [revoked(keyId)] };
}

function bootstrap(command: { keyId: string; hash: string }, keys: Keys): KeyDecision {
  const same = activeWith(command.hash, keys);
  if (same !== undefined && !isFullAdmin(same)) return { kind: 'refused', reason: 'hash_in_use' };
  const former = active(keys).filter((key) => key.name === bootstrapName && key !== same);
  const { keyId, hash } = command;
  const added =
    same === undefined ? [issued({ keyId, hash, role: 'admin', name: bootstrapName, project: '*' })] : [];
  return { kind: 'accepted', facts: [...added, ...former.map((key) => revoked(key.keyId))] };
}

const active = (keys: Keys): Key[] => [...keys.values()].filter(isActive);

const activeWith = (hash: string, keys: Keys): Key | undefined =>
  active(keys).find((key) => key.hash === hash);

const revoked = (keyId: string): KeyFact => ({ type: 'KeyRevoked', data: { keyId } });

const issued = ({ project, ...key }: Pick<Key, 'keyId' | 'hash' | 'role' | 'name' | 'project'>): KeyFact => ({
  type: 'KeyIssued',
  data: { ...key, keyProject: project },
});
