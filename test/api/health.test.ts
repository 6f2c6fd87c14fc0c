import { describe, expect, test, vi } from 'vitest';
import { healthRoutes, type LifeState } from '../../src/api/http/health.ts';
import type { ReadinessCheck } from '../../src/api/ports.ts';
import { createReadiness } from '../../src/api/readiness.ts';
import { as, openServer } from '../support/server.ts';

const works = (name: string): ReadinessCheck => ({ name, check: async () => {} });
const fails = (name: string, over: Partial<ReadinessCheck> = {}): ReadinessCheck => ({
  name,
  check: async () => {
    throw new Error('connect ECONNREFUSED redis://user:hunter2@10.0.0.7:6379');
  },
  ...over,
});
const hangs = (name: string): ReadinessCheck => ({ name, check: () => new Promise(() => {}) });

async function open(checks: ReadinessCheck[], state: LifeState = 'running') {
  const app = await openServer();
  const readiness = createReadiness({ checks, clock: () => performance.now(), timeoutMs: 20 });
  healthRoutes(app, { version: '1.2.3', state: () => state, uptimeMs: () => 1234.5, readiness });
  return app;
}

describe('/health', () => {
  test.each(['starting', 'running', 'stopping'] as const)(
    'answers while %s, without asking anyone',
    async (state) => {
      const check = vi.fn(() => new Promise<void>(() => {}));
      const app = await open([{ name: 'log', check }], state);
      const answer = await app.inject({ url: '/health' });
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toEqual({ status: state, version: '1.2.3', uptimeMs: 1235 });
      expect(check).not.toHaveBeenCalled();
    },
  );
});

describe('/ready', () => {
  test('is 200 when everything serves', async () => {
    const answer = await (await open([works('log'), works('read store')])).inject({ url: '/ready' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      status: 'ready',
      dependencies: [{ name: 'log', state: 'up' }, {}],
    });
  });

  test('is 503 and names what fails or hangs, with a reason but no addresses for strangers', async () => {
    const app = await open([works('log'), fails('read store'), hangs('feed')]);
    const answer = await app.inject({ url: '/ready' });
    expect(answer.statusCode).toBe(503);
    const { status, dependencies } = answer.json();
    expect(status).toBe('unavailable');
    expect(dependencies).toMatchObject([
      { name: 'log', state: 'up' },
      { name: 'read store', state: 'down', reason: 'failed' },
      { name: 'feed', state: 'down', reason: 'timeout' },
    ]);
    expect(answer.body).not.toMatch(/10\.0\.0\.7|hunter2|detail/);
  });

  test('tells callers with a key the whole reason, without its password', async () => {
    const app = await open([fails('redis')]);
    const { body } = await app.inject({ url: '/ready', headers: as('user@*') });
    expect(body).toContain('ECONNREFUSED redis://…@10.0.0.7:6379');
    expect(body).not.toContain('hunter2');
  });

  test('is 200 but degraded when only what is optional fails', async () => {
    const answer = await (await open([works('log'), fails('redis', { optional: true })])).inject({
      url: '/ready',
    });
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'degraded']);
  });

  test.each(['starting', 'stopping'] as const)('is 503 while %s', async (state) => {
    const answer = await (await open([works('log')], state)).inject({ url: '/ready' });
    expect([answer.statusCode, answer.json().status]).toEqual([503, state]);
  });

  test('a check that throws at once is a failed one', async () => {
    const check = (): never => {
      throw new Error('at once');
    };
    const answer = await (await open([{ name: 'log', check }])).inject({ url: '/ready' });
    expect(answer.json().dependencies[0]).toMatchObject({ state: 'down', reason: 'failed' });
  });
});

test('dependencies are asked at most once a second, however many ask', async () => {
  let now = 0;
  const check = vi.fn(async () => {});
  const readiness = createReadiness({ checks: [{ name: 'log', check }], clock: () => now });
  await Promise.all([readiness(), readiness(), readiness()]);
  now = 999;
  await readiness();
  expect(check).toHaveBeenCalledTimes(1);
  now = 1_000;
  await readiness();
  expect(check).toHaveBeenCalledTimes(2);
});
