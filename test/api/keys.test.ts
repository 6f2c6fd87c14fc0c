import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keyRoutes } from '../../src/api/http/keys.ts';
import type { AppInstance } from '../../src/api/http/server.ts';
import type { Keyring } from '../../src/api/keyring.ts';
import { as, openKeyring, openServer } from '../support/server.ts';

describe('/v1/keys', () => {
  let app: AppInstance;
  let keyring: Keyring;

  beforeEach(async () => {
    keyring = await openKeyring(undefined, { adminKey: 'configured' });
    app = await openServer({ authenticate: keyring.authenticate });
    keyRoutes(app, { keyring });
  });
  afterEach(() => app.close());

  const post = (key: string, payload: object) =>
    app.inject({ method: 'POST', url: '/v1/keys', headers: as(key), payload });
  const issued = async (key: string, payload: object): Promise<{ key: string; keyId: string }> =>
    (await post(key, payload)).json();

  test('issues a key that works, shows it once, and lists it without', async () => {
    const answer = await post('configured', { role: 'ingest', name: 'bot', project: 'shop' });
    expect(answer.statusCode).toBe(201);
    const body = answer.json();
    expect(body).toMatchObject({ role: 'ingest', name: 'bot', project: 'shop' });
    expect(keyring.authenticate(body.key)).toMatchObject({ keyId: body.keyId });
    const list = await app.inject({ url: '/v1/keys', headers: as('configured') });
    expect(list.json().keys).toHaveLength(2);
    expect(list.body).not.toContain(body.key);
    expect(list.body).not.toContain('hash');
  });

  test('revokes, once', async () => {
    const { key, keyId } = await issued('configured', { role: 'user', name: 'x' });
    const revoke = () =>
      app.inject({ method: 'DELETE', url: `/v1/keys/${keyId}`, headers: as('configured') });
    expect((await revoke()).json()).toMatchObject({ keyId, revokedAt: expect.any(String) });
    expect(keyring.authenticate(key)).toBeUndefined();
    expect((await revoke()).statusCode).toBe(409);
  });

  test('keeps the last admin key', async () => {
    const [admin] = keyring.list();
    const url = `/v1/keys/${admin?.keyId}`;
    const answer = await app.inject({ method: 'DELETE', url, headers: as('configured') });
    expect([answer.statusCode, answer.json().error.code]).toEqual([409, 'CHR_KEY_LAST_ADMIN']);
  });

  test('is for admins only', async () => {
    const { key } = await issued('configured', { role: 'power_user', name: 'x' });
    for (const method of ['GET', 'POST'] as const) {
      const answer = await app.inject({ method, url: '/v1/keys', headers: as(key) });
      expect([answer.statusCode, answer.json().error.code]).toEqual([403, 'CHR_FORBIDDEN']);
    }
  });

  test('an admin of one project reaches no key of another, and none for all', async () => {
    const own = await issued('configured', { role: 'admin', name: 'shop admin', project: 'shop' });
    const other = await issued('configured', { role: 'user', name: 'other', project: 'other' });
    expect((await post(own.key, { role: 'admin', name: 'x', project: '*' })).statusCode).toBe(403);
    expect((await post(own.key, { role: 'user', name: 'x', project: 'other' })).statusCode).toBe(403);
    expect(await issued(own.key, { role: 'user', name: 'x' })).toMatchObject({ project: 'shop' });
    const list = await app.inject({ url: '/v1/keys', headers: as(own.key) });
    const projects = list.json().keys.map((key: { project: string }) => key.project);
    expect(projects).toEqual(['shop', 'shop']);
    const revoke = await app.inject({
      method: 'DELETE',
      url: `/v1/keys/${other.keyId}`,
      headers: as(own.key),
    });
    expect(revoke.statusCode).toBe(404);
    expect(keyring.authenticate(other.key)).toBeDefined();
  });

  test.each([
    [{ role: 'king', name: 'x' }, 'role'],
    [{ role: 'user' }, 'name'],
    [{ role: 'user', name: '' }, 'name'],
    [{ role: 'user', name: 'x', extra: 1 }, ''],
    [{ role: 'user', name: 'bootstrap' }, undefined],
  ])('refuses %j', async (payload, path) => {
    const answer = await post('configured', payload);
    expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'CHR_INVALID_REQUEST']);
    expect(answer.json().error.details?.[0].path).toBe(path);
  });
});
