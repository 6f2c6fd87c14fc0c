import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { eventLogContract } from '../contracts/eventLog.ts';

const places: string[] = [];
const makePlace = async () => {
  const place = await mkdtemp(join(tmpdir(), 'chronoscope-log-'));
  places.push(place);
  return place;
};

afterAll(() => Promise.all(places.map((place) => rm(place, { recursive: true, force: true }))));

eventLogContract('LMDB', {
  open: ({ clock, place }) => openLmdbLog({ path: place, clock }),
  makePlace,
});

// Ids are sealed after this few, so that every promise is kept by sealed ones as well.
eventLogContract('LMDB with sealed ids and without a cache', {
  open: ({ clock, place }) => openLmdbLog({ path: place, clock, idsPerSegment: 16, cacheBytes: 0 }),
  makePlace,
});
