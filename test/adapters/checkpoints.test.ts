import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openLmdbCheckpoints } from '../../src/adapters/lmdb/checkpoints.ts';
import { createMemoryCheckpoints } from '../../src/adapters/memory/checkpoints.ts';
import { asPosition } from '../../src/domain/position.ts';
import type { Checkpoint, CheckpointStore } from '../../src/projections/ports.ts';

const places: string[] = [];
const makePlace = async () => {
  const place = await mkdtemp(join(tmpdir(), 'chronoscope-checkpoints-'));
  places.push(place);
  return place;
};
afterAll(() => Promise.all(places.map((place) => rm(place, { recursive: true, force: true }))));

const at = (number: number): Checkpoint => ({
  active: { version: 1, number: 1, done: asPosition(`${number}`) },
});

const stores: Record<string, () => Promise<CheckpointStore>> = {
  memory: async () => createMemoryCheckpoints(),
  LMDB: async () => openLmdbCheckpoints({ path: await makePlace() }),
};

describe.each(Object.entries(stores))('checkpoints in %s', (_, open) => {
  it('what was saved last under a name is loaded, and only under that name', async () => {
    const store = await open();
    const pending = { from: asPosition('5'), to: asPosition('9') };
    const whole: Checkpoint = {
      active: { version: 2, number: 3, pending },
      building: { version: 3, number: 4 },
    };
    await store.save('requests', at(1));
    await store.save('requests', whole);
    await store.save('errors', at(2));
    expect(await store.load('requests')).toEqual(whole);
    expect(await store.load('errors')).toEqual(at(2));
    expect(await store.load('logs')).toBeUndefined();
  });

  it('names are listed in order, and what was removed is gone', async () => {
    const store = await open();
    await Promise.all(['b', 'c', 'a'].map((name) => store.save(name, at(1))));
    expect(await store.list()).toEqual(['a', 'b', 'c']);
    await store.remove('b');
    await store.remove('never there');
    expect(await store.list()).toEqual(['a', 'c']);
    expect(await store.load('b')).toBeUndefined();
  });

  it('of saves at the same time the last one counts', async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 200 }, (_, i) => store.save(`p${i % 3}`, at(i))));
    expect(await store.load('p0')).toEqual(at(198));
    expect(await store.load('p1')).toEqual(at(199));
  });

  it('what is changed after it was loaded or saved does not change what is kept', async () => {
    const store = await open();
    const checkpoint = at(1);
    await store.save('a', checkpoint);
    checkpoint.active.number = 99;
    const loaded = await store.load('a');
    if (loaded !== undefined) loaded.active.number = 98;
    expect(await store.load('a')).toEqual(at(1));
  });
});

it('checkpoints are there after closing and opening again', async () => {
  const path = await makePlace();
  const store = await openLmdbCheckpoints({ path });
  await store.save('a', at(7));
  await store.close();
  const again = await openLmdbCheckpoints({ path });
  expect(await again.load('a')).toEqual(at(7));
  await again.close();
});
