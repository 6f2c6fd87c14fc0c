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

// What a large log does now and then, this one does all the time, and keeps every promise all the same.
eventLogContract('LMDB with sealed ids, without a cache and mapped anew all the time', {
  open: ({ clock, place }) =>
    openLmdbLog({
      path: place,
      clock,
      idsPerSegment: 16,
      cacheBytes: 0,
      mappedBytes: 4_096,
      filterGroup: { blocks: 2, leastEvents: 1 },
    }),
  makePlace,
});
