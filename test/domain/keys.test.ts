import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bootstrapName,
  decideKeys,
  evolveKeys,
  initialKeys,
  isActive,
  type KeyCommand,
  type KeyFact,
  type Keys,
} from '../../src/domain/keys.ts';

const fact = (
  keyId: string,
  over: Partial<Extract<KeyFact, { type: 'KeyIssued' }>['data']> = {},
): KeyFact => ({
  type: 'KeyIssued',
  data: { keyId, hash: `hash of ${keyId}`, role: 'admin', name: 'ops', keyProject: '*', ...over },
});
const revoked = (keyId: string): KeyFact => ({ type: 'KeyRevoked', data: { keyId } });
const given = (...facts: KeyFact[]): Keys =>
  facts.reduce((keys, one, index) => evolveKeys(keys, { ...one, occurredAt: index }), initialKeys());
const key = (keyId: string) =>
  ({ keyId, hash: `hash of ${keyId}`, role: 'user', name: 'n', project: 'p' }) as const;

describe('issuing', () => {
  test('records the key with its project', () => {
    expect(decideKeys({ kind: 'issue', key: key('a') }, given())).toEqual({
      kind: 'accepted',
      facts: [fact('a', { role: 'user', name: 'n', keyProject: 'p' })],
    });
  });

  test('refuses the reserved name and a hash that is in use', () => {
    const named = { ...key('a'), name: bootstrapName };
    expect(decideKeys({ kind: 'issue', key: named }, given())).toEqual({
      kind: 'refused',
      reason: 'reserved_name',
    });
    const twice = { ...key('b'), hash: 'hash of a' };
    expect(decideKeys({ kind: 'issue', key: twice }, given(fact('a')))).toMatchObject({
      reason: 'hash_in_use',
    });
    expect(decideKeys({ kind: 'issue', key: twice }, given(fact('a'), revoked('a')))).toMatchObject({
      kind: 'accepted',
    });
  });
});

describe('revoking', () => {
  test('keeps the key, marked with the time', () => {
    expect(given(fact('a'), revoked('a')).get('a')).toMatchObject({ issuedAt: 0, revokedAt: 1 });
  });

  test.each([
    ['a key that is not there', [fact('a')], 'x', 'unknown_key'],
    ['a key a second time', [fact('a'), fact('b'), revoked('b')], 'b', 'already_revoked'],
    ['the last admin', [fact('a'), fact('b'), revoked('b')], 'a', 'last_admin'],
    ['the last admin for all projects', [fact('a'), fact('b', { keyProject: 'p' })], 'a', 'last_admin'],
    ['the last admin among users', [fact('a'), fact('b', { role: 'power_user' })], 'a', 'last_admin'],
  ])('refuses %s', (_, facts, keyId, reason) => {
    expect(decideKeys({ kind: 'revoke', keyId }, given(...facts))).toEqual({ kind: 'refused', reason });
  });
});

describe('the bootstrap key', () => {
  const bootstrap = (keyId: string): KeyCommand => ({ kind: 'bootstrap', keyId, hash: `hash of ${keyId}` });

  test('is added once, and replaces the former one', () => {
    const first = fact('a', { name: bootstrapName });
    expect(decideKeys(bootstrap('a'), given())).toEqual({ kind: 'accepted', facts: [first] });
    expect(decideKeys({ ...bootstrap('z'), hash: 'hash of a' } as KeyCommand, given(first))).toEqual({
      kind: 'accepted',
      facts: [],
    });
    expect(decideKeys(bootstrap('b'), given(first, fact('c')))).toEqual({
      kind: 'accepted',
      facts: [fact('b', { name: bootstrapName }), revoked('a')],
    });
  });

  test('can come back after it was replaced', () => {
    const [a, b] = [fact('a', { name: bootstrapName }), fact('b', { name: bootstrapName })];
    const again = { kind: 'bootstrap', keyId: 'a2', hash: 'hash of a' } as const;
    expect(decideKeys(again, given(a, b, revoked('a')))).toEqual({
      kind: 'accepted',
      facts: [fact('a2', { hash: 'hash of a', name: bootstrapName }), revoked('b')],
    });
  });

  test('cannot be a key that was issued with a smaller role', () => {
    const decision = decideKeys(bootstrap('a'), given(fact('a', { role: 'user' })));
    expect(decision).toEqual({ kind: 'refused', reason: 'hash_in_use' });
  });
});

test('whatever is done, an admin for all projects is left once there was one', () => {
  const ids = fc.constantFrom('a', 'b', 'c', 'd');
  const command: fc.Arbitrary<KeyCommand> = fc.oneof(
    fc.record({ kind: fc.constant('revoke' as const), keyId: ids }),
    fc.record({ kind: fc.constant('bootstrap' as const), keyId: ids, hash: ids }),
    fc.record({
      kind: fc.constant('issue' as const),
      key: fc.record({
        keyId: ids,
        hash: ids,
        role: fc.constantFrom('user' as const, 'admin' as const),
        name: fc.constantFrom('x', bootstrapName),
        project: fc.constantFrom('*', 'p'),
      }),
    }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      let keys = given(fact('first'));
      for (const [index, one] of commands.entries()) {
        // Ids are new each time, as they are in life.
        const unique =
          one.kind === 'issue'
            ? { ...one, key: { ...one.key, keyId: `${one.key.keyId}${index}` } }
            : one.kind === 'bootstrap'
              ? { ...one, keyId: `${one.keyId}${index}` }
              : { ...one, keyId: [...keys.keys()][index % keys.size] ?? one.keyId };
        const decision = decideKeys(unique, keys);
        const facts = decision.kind === 'accepted' ? decision.facts : [];
        keys = facts.reduce((state, event) => evolveKeys(state, { ...event, occurredAt: index }), keys);
        const active = [...keys.values()].filter(isActive);
        expect(active.some(({ role, project }) => role === 'admin' && project === '*')).toBe(true);
        expect(new Set(active.map(({ hash }) => hash)).size).toBe(active.length);
      }
    }),
  );
});
