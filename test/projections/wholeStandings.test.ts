import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMemoryCheckpoints } from '../../src/adapters/memory/checkpoints.ts';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { asPosition } from '../../src/domain/position.ts';
import { projections } from '../../src/projections/catalogue.ts';
import type { CheckpointStore } from '../../src/projections/ports.ts';
import { openWholeStandings } from '../../src/projections/wholeStandings.ts';

const clock = () => 1_790_000_000_000;
const [projection] = projections;
if (projection === undefined) throw new Error('there is no projection');
const { name, version } = projection;

const open = (checkpoints: Pick<CheckpointStore, 'load'>) =>
  openWholeStandings({ checkpoints, log: createMemoryLog({ clock }), projections: [projection], clock });

describe('how far another process has come that keeps the read models up', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is looked at once for all who wait for it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const store = createMemoryCheckpoints();
    const load = vi.fn(store.load);
    const standings = await open({ load });
    const all = Promise.all(Array.from({ length: 500 }, () => standings.reached(asPosition('7'), 60_000)));
    await vi.advanceTimersByTimeAsync(950);
    expect(load.mock.calls.length).toBeLessThan(15);
    await store.save(name, { active: { version, number: 1, done: asPosition('8') } });
    await vi.advanceTimersByTimeAsync(110);
    expect(new Set(await all)).toEqual(new Set([true]));
    await standings.close();
  });

  it('is not waited for longer than wished when the store hangs', async () => {
    const store = createMemoryCheckpoints();
    let hangs = false;
    const load: CheckpointStore['load'] = (which) =>
      hangs ? new Promise(() => undefined) : store.load(which);
    const standings = await open({ load });
    hangs = true;
    expect(await standings.reached(asPosition('7'), 250)).toBe(false);
  });
});
