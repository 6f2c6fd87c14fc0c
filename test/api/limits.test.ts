import { describe, expect, test } from 'vitest';
import { createMemoryLimits } from '../../src/adapters/memory/limits.ts';
import {
  createLimiter,
  type LimitPolicies,
  limitByKey,
  limitHeaders,
  subnetOf,
} from '../../src/api/http/limits.ts';
import type { AppInstance } from '../../src/api/http/server.ts';
import { as, openServer } from '../support/server.ts';

const perMinute = (limit: number) => ({ limit, windowMs: 60_000, burst: limit });
const wide: LimitPolicies = {
  ingest: perMinute(1_000),
  read: perMinute(1_000),
  address: perMinute(1_000),
  open: perMinute(1_000),
  failed: perMinute(1_000),
};

async function serverWith(policies: Partial<LimitPolicies>, trustProxy: string[] = []): Promise<AppInstance> {
  const store = createMemoryLimits({ clock: () => 1_000_000 });
  const app = await openServer({
    limiter: createLimiter({ store, policies: { ...wide, ...policies } }),
    settings: { bodyLimitBytes: 1_000, requestTimeoutMs: 30_000, trustProxy },
  });
  app.get('/read', { config: { role: 'user' } }, () => 'read');
  app.get('/costly', { config: { role: 'user', cost: 5 } }, () => 'costly');
  app.post('/events', { config: { role: 'ingest' } }, () => 'stored');
  app.get('/open', { config: { role: 'open' } }, () => 'open');
  return app;
}

const statuses = async (count: number, send: () => Promise<{ statusCode: number }>): Promise<number[]> => {
  const found = [];
  for (let index = 0; index < count; index += 1) found.push((await send()).statusCode);
  return found;
};

describe('limits', () => {
  test('are told on every answer, refusals and errors included', async () => {
    const app = await serverWith({ read: perMinute(10), open: perMinute(5) });
    const { headers } = await app.inject({ url: '/read', headers: as('user@*') });
    expect(headers).toMatchObject({ 'ratelimit-limit': '10', 'ratelimit-remaining': '9' });
    expect(Number(headers['ratelimit-reset'])).toBeGreaterThan(0);
    for (const url of ['/read', '/nowhere', '/open', '/docs']) {
      expect((await app.inject({ url })).headers['ratelimit-limit']).toBe('5');
    }
    const forbidden = await app.inject({ url: '/read', headers: as('ingest@*') });
    expect([forbidden.statusCode, forbidden.headers['ratelimit-remaining']]).toEqual([403, '9']);
  });

  test('refuse with 429 and say how long to wait', async () => {
    const app = await serverWith({ read: perMinute(2) });
    const send = () => app.inject({ url: '/read', headers: as('user@*') });
    expect(await statuses(3, send)).toEqual([200, 200, 429]);
    const refused = await send();
    expect(refused.json().error).toMatchObject({ code: 'CHR_RATE_LIMITED' });
    const wait = Number(refused.headers['retry-after']);
    expect(wait).toBeGreaterThan(20);
    expect(refused.headers).toMatchObject({ 'ratelimit-remaining': '0', 'ratelimit-reset': String(wait) });
  });

  test('count each key by itself, and sending apart from reading', async () => {
    const app = await serverWith({ read: perMinute(1), ingest: perMinute(2) });
    const read = (key: string) => () => app.inject({ url: '/read', headers: as(key) });
    const send = () => app.inject({ method: 'POST', url: '/events', headers: as('user@a') });
    expect(await statuses(2, read('user@a'))).toEqual([200, 429]);
    expect(await statuses(2, read('user@b'))).toEqual([200, 429]);
    expect(await statuses(3, send)).toEqual([200, 200, 429]);
  });

  test('count an address across its keys', async () => {
    const app = await serverWith({ address: perMinute(3) });
    let key = 0;
    expect(await statuses(4, () => app.inject({ url: '/read', headers: as(`user@${key++}`) }))).toEqual([
      200, 200, 200, 429,
    ]);
  });

  test('count what costs more as more', async () => {
    const app = await serverWith({ read: perMinute(11) });
    expect(await statuses(3, () => app.inject({ url: '/costly', headers: as('user@*') }))).toEqual([
      200, 200, 429,
    ]);
  });

  test('stop the guessing of keys, but not a right key from the same address', async () => {
    const app = await serverWith({ failed: perMinute(3) });
    let guess = 0;
    const wrong = () => app.inject({ url: '/read', headers: as(`guess ${guess++}`) });
    expect(await statuses(5, wrong)).toEqual([401, 401, 401, 429, 429]);
    expect((await app.inject({ url: '/read', headers: as('user@*') })).statusCode).toBe(200);
  });

  test('hold for those without a key and for addresses where nothing is', async () => {
    const app = await serverWith({ open: perMinute(3) });
    expect(await statuses(4, () => app.inject({ url: '/nowhere' }))).toEqual([404, 404, 404, 429]);
    expect((await app.inject({ url: '/open' })).statusCode).toBe(429);
  });

  test('go by the forwarded address only behind a proxy that is believed', async () => {
    const [direct, behind] = [
      await serverWith({ open: perMinute(1) }),
      await serverWith({ open: perMinute(1) }, ['127.0.0.1']),
    ];
    let client = 0;
    const from = (app: AppInstance) => () =>
      app.inject({ url: '/open', headers: { 'x-forwarded-for': `203.0.113.${client++}` } });
    expect(await statuses(2, from(direct))).toEqual([200, 429]);
    expect(await statuses(2, from(behind))).toEqual([200, 200]);
  });

  test('can be switched off', async () => {
    const app = await serverWith({ read: undefined, address: undefined });
    const { statusCode, headers } = await app.inject({ url: '/read', headers: as('user@*') });
    expect([statusCode, headers['ratelimit-limit']]).toEqual([200, undefined]);
    expect(limitHeaders({ allowed: true, limit: 0, remaining: 0, resetMs: 0 })).toBeUndefined();
  });

  test('hold for other doors too, with a log-in that failed counted as a wrong key', async () => {
    const store = createMemoryLimits({ clock: () => 1_000_000 });
    const policies = { ...wide, read: perMinute(1), failed: perMinute(1) };
    const check = limitByKey(createLimiter({ store, policies }));
    for (const keyId of ['key_1', '']) {
      expect(await check(keyId, '203.0.113.9')).toMatchObject({ allowed: true });
      const refused = await check(keyId, '203.0.113.9');
      expect(refused.allowed).toBe(false);
      expect(refused.headers['retry-after']).toBe(refused.headers['ratelimit-reset']);
    }
    expect(await check('key_2', '203.0.113.9')).toMatchObject({ allowed: true });
  });

  test('a store that answers later is waited for', async () => {
    const verdict = { allowed: false, limit: 1, remaining: 0, resetMs: 2_500 };
    const store = { take: async () => verdict, close: async () => {} };
    const app = await openServer({ limiter: createLimiter({ store, policies: wide }) });
    app.get('/open', { config: { role: 'open' } }, () => 'open');
    const answer = await app.inject({ url: '/open' });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '3']);
  });
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s counts as %s', (address, expected) => {
  expect(subnetOf(address)).toBe(expected);
});
