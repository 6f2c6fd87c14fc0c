import { afterAll } from 'vitest';
import { type EventStoreLog, openEventStoreLog } from '../../src/adapters/eventstore/eventLog.ts';
import type { EventLog } from '../../src/projections/ports.ts';
import { eventLogContract } from '../contracts/eventLog.ts';
import { addForeignEvents } from '../support/eventstore/foreign.ts';
import { type Place, placeIn } from '../support/eventstore/place.ts';
import { type EventStoreStandIn, startEventStoreStandIn } from '../support/eventstore/standIn.ts';

const byStream = 'the server appends to one stream at a time; order holds within each';
const byServer = "the server's own clock says when an event was recorded";
const byBeginning = 'the server can only cut off the beginning of a stream';
const byScavenge =
  'the server keeps the last event of every stream, and gives the rest back when it is scavenged';

const skip = [
  { test: 'events of one call are stored in the order given, over many streams', reason: byStream },
  { test: 'recording times never decrease, though the clock does', reason: byServer },
  { test: 'recording times do not decrease across a restart either', reason: byServer },
  { test: 'a stream that decides goes on counting past what was forgotten', reason: byBeginning },
  {
    test: 'a consumer passes over what has expired, to the head even when nothing is left',
    reason: byScavenge,
  },
];

const standIns = new Map<string, EventStoreStandIn>();
let places = 0;

afterAll(() => {
  for (const standIn of standIns.values()) standIn.stop();
});

/** As if the operator ran a scavenge behind every expiry. */
const scavenged = (log: EventStoreLog, { database }: EventStoreStandIn): EventLog => ({
  ...log,
  expire: async (options) => {
    const forgotten = await log.expire(options);
    database.scavenge();
    return forgotten;
  },
});

eventLogContract('the true client against a stand-in of EventStoreDB', {
  open: async ({ clock, place }) => {
    const standIn = standIns.get(place) ?? (await startEventStoreStandIn({ clock }));
    standIns.set(place, standIn);
    return scavenged(await openEventStoreLog({ url: standIn.url }), standIn);
  },
  makePlace: async () => `place ${++places}`,
  estimates: true,
  skip,
});

const used = 'the database is used for other things too, and is not emptied for a test';

/** What cannot be told, or tried, in a database that is not this test's alone. */
const usedSkip = [
  ...skip,
  ...[
    'an empty log has no head, no events and no times',
    'an empty call changes nothing',
    'a batch read again by its bounds is the same batch, whatever happened since',
    'what is expired is gone, and what is kept stays at its position, in its stream, at its time',
    'kept events are still known by their ids',
    'expiry disturbs no append and no reader',
    'what was expired stays so after a restart',
  ].map((test) => ({ test, reason: used })),
];

/** The contract in a place of a database that holds other things, by a server that keeps its own time. */
function contractIn(name: string, address: () => Promise<string>): void {
  const known = new Map<string, Place>();
  eventLogContract(name, {
    makePlace: async () => {
      const place = `place-${crypto.randomUUID()}`;
      const log = await openEventStoreLog({ url: await address() });
      known.set(place, { name: place, begin: await log.head() });
      await log.close();
      return place;
    },
    open: async ({ clock, place }) => {
      const log = await openEventStoreLog({ url: await address(), recordedAt: () => clock() });
      return placeIn(log, known.get(place) ?? { name: place, begin: undefined });
    },
    estimates: true,
    skip: usedSkip,
  });
}

const shared = startEventStoreStandIn();
afterAll(async () => (await shared).stop());
contractIn('the true client against a stand-in that is used for other things too', async () => {
  const { url, database } = await shared;
  addForeignEvents(database);
  return url;
});

const { KURRENTDB_URL } = process.env;
if (KURRENTDB_URL === undefined) {
  console.warn(
    'SKIPPED: the event log ran on a stand-in alone; set KURRENTDB_URL for a real EventStoreDB or KurrentDB.',
  );
} else {
  contractIn('a real EventStoreDB or KurrentDB', async () => KURRENTDB_URL);
}
