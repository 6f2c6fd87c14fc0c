import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { readRoutes } from '../../src/api/http/reads/reads.ts';
import { closeServer } from '../../src/api/http/server.ts';
import { asPosition } from '../../src/domain/position.ts';
import { embeddedLayout } from '../../src/domain/storeLayout.ts';
import type { FollowerStanding } from '../../src/projections/follow.ts';
import type { Standing } from '../../src/projections/standings.ts';
import { as, openServer } from '../support/server.ts';

const well: FollowerStanding = { position: asPosition('7'), lagEvents: 0, lagMs: 0, error: undefined };
const stuck: FollowerStanding = { position: undefined, lagEvents: 3, lagMs: 4_000, error: 'no room' };

async function open(
  alerts: FollowerStanding,
  notifications: FollowerStanding,
  standings: () => Promise<Standing[]> = async () => [],
) {
  const clock = () => 1_000;
  const app = await openServer();
  const query = async () => [];
  readRoutes(app, {
    store: { query, layout: embeddedLayout },
    log: createMemoryLog({ clock }),
    runner: { tracked: [], reached: async () => true, standings },
    clock,
    checks: [],
    version: '1.2.3',
    startedAt: 0,
    followers: async () => ({ alerts, notifications }),
  });
  onTestFinished(() => closeServer(app, 1_000));
  return async (url: string) => (await app.inject({ url, headers: as('user@default') })).json();
}

describe('where alerts and notifications stand', () => {
  it('is in /v1/positions, beside the projections', async () => {
    const get = await open(well, stuck);
    expect(await get('/v1/positions')).toEqual({
      projections: [],
      alerts: { position: '7', lagEvents: 0, lagMs: 0 },
      notifications: { lagEvents: 3, lagMs: 4_000, error: 'no room' },
    });
  });

  it('is described', async () => {
    const get = await open(well, well);
    const body = JSON.stringify((await get('/openapi.json')).paths['/v1/positions']);
    expect(body).toContain('"alerts"');
    expect(body).toContain('"notifications"');
  });

  it.each([
    ['both get on', well, well, true],
    ['nothing is decided', stuck, well, false],
    ['nobody is told', well, stuck, false],
  ])('makes /v1/status healthy or not: %s', async (_, alerts, notifications, healthy) => {
    const get = await open(alerts, notifications);
    expect((await get('/v1/status')).healthy).toBe(healthy);
  });
});

describe('/v1/status', () => {
  it.each([
    ['does not answer', () => new Promise<Standing[]>(() => undefined)],
    ['refuses', () => Promise.reject(new Error('the log is away'))],
  ])('tells what is known while the log %s', async (_, standings) => {
    const get = await open(well, well, standings);
    const status = await get('/v1/status');
    expect(status).toMatchObject({ version: '1.2.3', dependencies: [] });
    expect(status.projections).toBeUndefined();
  });
});
