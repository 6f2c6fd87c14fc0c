import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectFor } from '../../src/api/http/auth.ts';
import type { AppInstance } from '../../src/api/http/server.ts';
import { as, openServer } from '../support/server.ts';

const basic = (key: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`anyone:${key}`).toString('base64')}`,
});

let app: AppInstance;
beforeAll(async () => {
  app = await openServer();
  for (const role of ['open', 'ingest', 'user', 'power_user', 'admin'] as const) {
    app.get(`/${role}`, { config: { role } }, ({ caller }) => caller ?? 'nobody');
    app.post(`/${role}`, { config: { role } }, ({ caller }) => caller ?? 'nobody');
  }
  const findKey = (request: { query: unknown }) => (request.query as { key?: string }).key;
  app.get('/elsewhere', { config: { role: 'ingest', findKey } }, ({ caller }) => caller);
});
afterAll(() => app.close());

const status = async (url: string, headers: Record<string, string> = {}, method: 'GET' | 'POST' = 'GET') =>
  (await app.inject({ method, url, headers })).statusCode;

describe('roles', () => {
  const ranks = ['ingest', 'user', 'power_user', 'admin'];

  test('each may do what smaller ones may, and no more', async () => {
    for (const [rank, role] of ranks.entries()) {
      const allowed = await Promise.all(ranks.map((needed) => status(`/${needed}`, as(`${role}@*`))));
      expect(allowed).toEqual(ranks.map((_, needed) => (needed <= rank ? 200 : 403)));
    }
  });

  test('no key and a wrong key are 401, on every route but open ones', async () => {
    for (const role of ranks) {
      expect(await status(`/${role}`)).toBe(401);
      expect(await status(`/${role}`, as('wrong'))).toBe(401);
    }
    expect(await status('/open')).toBe(200);
    expect(await status('/open', as('wrong'))).toBe(200);
    expect((await app.inject({ url: '/open', headers: as('user@p') })).json()).toMatchObject({
      keyId: 'user@p',
    });
  });
});

describe('where the key stands', () => {
  test.each([
    ['Bearer', { authorization: 'Bearer user@*' }, 200],
    ['bearer in small letters', { authorization: 'bearer user@*' }, 200],
    ['Basic, as the password', basic('user@*'), 200],
    ['a scheme of its own', { authorization: 'Key user@*' }, 401],
    ['Bearer without a key', { authorization: 'Bearer ' }, 401],
    ['Basic without a colon', { authorization: `Basic ${Buffer.from('user@*').toString('base64')}` }, 401],
    ['Basic that is no base64', { authorization: 'Basic %%%' }, 401],
    ['a key of a megabyte', { authorization: `Bearer ${'x'.repeat(10_000)}` }, 401],
  ])('%s', async (_, headers, expected) => {
    expect(await status('/user', headers)).toBe(expected);
  });

  test('a route can name another place', async () => {
    expect(await status('/elsewhere?key=ingest@p')).toBe(200);
    expect(await status('/user?key=user@*')).toBe(401);
  });
});

describe('what a browser is asked for', () => {
  test.each([
    ['/docs', {}, 'Basic'],
    ['/openapi.json', {}, 'Basic'],
    ['/user', { accept: 'text/html,*/*' }, 'Basic'],
    ['/user', { accept: 'application/json' }, 'Bearer'],
  ])('%s %j', async (url, headers, scheme) => {
    const answer = await app.inject({ url, headers });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(new RegExp(`^${scheme} realm=`));
  });
});

describe('a password that a browser remembers', () => {
  const remembered = { ...basic('admin@*'), host: 'engine:7070' };
  test.each([
    ['our own page', { 'sec-fetch-site': 'same-origin' }, 200],
    ['a form elsewhere', { 'sec-fetch-site': 'cross-site' }, 401],
    ['a neighbour on another port', { 'sec-fetch-site': 'same-site', origin: 'http://engine:1' }, 401],
    ['an old browser elsewhere', { origin: 'https://evil.example' }, 401],
    ['a frame without an origin', { origin: 'null' }, 401],
    ['an old browser here', { origin: 'http://engine:7070' }, 200],
    ['a program', {}, 200],
  ])('changes something when sent by %s: %j → %i', async (_, headers, expected) => {
    expect(await status('/admin', { ...remembered, ...headers }, 'POST')).toBe(expected);
  });

  test('opens a page by a link from elsewhere, but no socket', async () => {
    const elsewhere = { ...remembered, 'sec-fetch-site': 'cross-site' };
    expect(await status('/admin', elsewhere)).toBe(200);
    expect(await status('/admin', { ...elsewhere, upgrade: 'websocket' })).toBe(401);
  });

  test('a key in a Bearer header is sent by programs alone, from wherever', async () => {
    expect(await status('/admin', { ...as('admin@*'), origin: 'https://panel.example' }, 'POST')).toBe(200);
  });
});

describe('the project of a request', () => {
  const caller = (project: string) => ({ keyId: 'k', role: 'user' as const, project });

  test('is the key’s own, and no other', () => {
    expect(projectFor(caller('shop'), undefined)).toBe('shop');
    expect(projectFor(caller('shop'), 'shop')).toBe('shop');
    expect(() => projectFor(caller('shop'), 'bank')).toThrow(
      expect.objectContaining({ code: 'CHR_FORBIDDEN' }),
    );
    expect(() => projectFor(caller('shop'), '*')).toThrow(expect.objectContaining({ code: 'CHR_FORBIDDEN' }));
  });

  test('is whichever a key for all of them names, or the default one', () => {
    expect(projectFor(caller('*'), undefined)).toBe('default');
    expect(projectFor(caller('*'), 'bank')).toBe('bank');
  });
});
