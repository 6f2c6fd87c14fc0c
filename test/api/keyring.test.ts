import { describe, expect, test, vi } from 'vitest';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { keysStream } from '../../src/domain/keys.ts';
import type { EventLog } from '../../src/projections/ports.ts';
import { openKeyring } from '../support/server.ts';

const newLog = (): EventLog => createMemoryLog({ clock: Date.now });

async function recorded(log: EventLog) {
  const events = [];
  for await (const batch of log.readStream(keysStream)) events.push(...batch);
  return events;
}

describe('the first admin key', () => {
  test('is made on the very first start, and never again', async () => {
    const log = newLog();
    const first = await openKeyring(log);
    expect(first.firstAdminKey).toMatch(/^chr_a_[\w-]{43}$/);
    expect(first.authenticate(first.firstAdminKey ?? '')).toMatchObject({ role: 'admin', project: '*' });
    const second = await openKeyring(log);
    expect(second.firstAdminKey).toBeUndefined();
    expect(second.authenticate(first.firstAdminKey ?? '')).toBeDefined();
    expect(await recorded(log)).toHaveLength(1);
  });

  test('is one alone when several processes start for the first time at once', async () => {
    const log = newLog();
    const all = await Promise.all([openKeyring(log), openKeyring(log), openKeyring(log)]);
    const made = all.flatMap(({ firstAdminKey }) => firstAdminKey ?? []);
    expect(made).toHaveLength(1);
    for (const keyring of all) expect(keyring.authenticate(made[0] ?? '')).toMatchObject({ role: 'admin' });
    expect(await recorded(log)).toHaveLength(1);
  });

  test('is the configured one when there is one, and changing that revokes the former', async () => {
    const log = newLog();
    await openKeyring(log, { adminKey: 'configured-1' });
    const same = await openKeyring(log, { adminKey: 'configured-1' });
    expect(same.firstAdminKey).toBeUndefined();
    expect(await recorded(log)).toHaveLength(1);
    const changed = await openKeyring(log, { adminKey: 'configured-2' });
    expect(changed.authenticate('configured-1')).toBeUndefined();
    expect(changed.authenticate('configured-2')).toMatchObject({ role: 'admin' });
    const back = await openKeyring(log, { adminKey: 'configured-1' });
    expect(back.authenticate('configured-1')).toMatchObject({ role: 'admin' });
    expect(back.authenticate('configured-2')).toBeUndefined();
  });
});

test('neither the log nor the list holds a key, only its hash or nothing', async () => {
  const log = newLog();
  const keyring = await openKeyring(log);
  const { key } = await keyring.issue({ role: 'ingest', name: 'bot', project: 'shop' });
  const stored = JSON.stringify(await recorded(log));
  expect(stored).not.toContain(key);
  expect(stored).not.toContain(keyring.firstAdminKey);
  expect(JSON.stringify(keyring.list())).not.toMatch(/hash|[0-9a-f]{64}/);
});

test('an issued key is known at once with its role and project, a revoked one no more', async () => {
  const keyring = await openKeyring();
  const { key, info } = await keyring.issue({ role: 'power_user', name: 'panel', project: 'shop' });
  expect(key).toMatch(/^chr_p_/);
  expect(keyring.authenticate(key)).toEqual({ keyId: info.keyId, role: 'power_user', project: 'shop' });
  expect((await keyring.revoke(info.keyId)).revokedAt).toBeTypeOf('number');
  expect(keyring.authenticate(key)).toBeUndefined();
  await expect(keyring.revoke(info.keyId)).rejects.toMatchObject({ code: 'CHR_CONFLICT' });
  await expect(keyring.revoke('nobody')).rejects.toMatchObject({ code: 'CHR_NOT_FOUND' });
});

test('the last admin key cannot be revoked', async () => {
  const keyring = await openKeyring();
  const [admin] = keyring.list();
  await expect(keyring.revoke(admin?.keyId ?? '')).rejects.toMatchObject({ code: 'CHR_KEY_LAST_ADMIN' });
});

test('two processes that change keys at the same moment both succeed, and agree in the end', async () => {
  const log = newLog();
  const a = await openKeyring(log, { adminKey: 'configured' });
  const b = await openKeyring(log, { adminKey: 'configured' });
  const issued = await Promise.all(
    [a, b, a, b, a, b].map((keyring, index) =>
      keyring.issue({ role: 'user', name: `key ${index}`, project: 'p' }),
    ),
  );
  await Promise.all([a.refresh(), b.refresh(), a.refresh()]);
  for (const { key } of issued) expect(a.authenticate(key)).toEqual(b.authenticate(key));
  expect(a.list()).toHaveLength(7);
  expect(b.list()).toEqual(a.list());
});

test('two processes cannot revoke the last two admin keys together', async () => {
  const log = newLog();
  const a = await openKeyring(log, { adminKey: 'configured' });
  const { info } = await a.issue({ role: 'admin', name: 'second', project: '*' });
  const b = await openKeyring(log, { adminKey: 'configured' });
  const first = a.list().find(({ name }) => name === 'bootstrap');
  const results = await Promise.allSettled([a.revoke(first?.keyId ?? ''), b.revoke(info.keyId)]);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('what another process changes is followed without being asked, and a failing log only reported', async () => {
  const log = newLog();
  let broken = true;
  const flaky: EventLog = {
    ...log,
    readStream: (...args) => {
      if (broken) throw new Error('away');
      return log.readStream(...args);
    },
  };
  const other = await openKeyring(log, { adminKey: 'configured' });
  broken = false;
  const onError = vi.fn();
  const follower = await openKeyring(flaky, { adminKey: 'configured', followEveryMs: 5, onError });
  broken = true;
  await vi.waitFor(() => expect(onError).toHaveBeenCalled());
  const { key } = await other.issue({ role: 'user', name: 'late', project: '*' });
  broken = false;
  await vi.waitFor(() => expect(follower.authenticate(key)).toMatchObject({ role: 'user' }));
  follower.close();
});
