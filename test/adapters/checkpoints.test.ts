import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openLmdbCheckpoints } from '../../src/adapters/lmdb/checkpoints.ts';
import { createMemoryCheckpoints } from '../../src/adapters/memory/checkpoints.ts';
import { checkpointContract } from '../contracts/checkpoints.ts';

const places: string[] = [];
const makePlace = async () => {
  const place = await mkdtemp(join(tmpdir(), 'chronoscope-checkpoints-'));
  places.push(place);
  return place;
};
afterAll(() => Promise.all(places.map((place) => rm(place, { recursive: true, force: true }))));

checkpointContract('memory', {
  open: async () => createMemoryCheckpoints(),
  makePlace: async () => '',
  lasts: false,
  isShared: false,
});

checkpointContract('LMDB', {
  open: (path) => openLmdbCheckpoints({ path }),
  makePlace,
  lasts: true,
  isShared: false,
});
