import { afterAll, afterEach, expect, it } from 'vitest';
import { openEventStoreCheckpoints } from '../../src/adapters/eventstore/checkpoints.ts';
import { connectEventStore, type EventStoreConnection } from '../../src/adapters/eventstore/connection.ts';
import { openEventStoreLog } from '../../src/adapters/eventstore/eventLog.ts';
import { openEventStoreLeases } from '../../src/adapters/eventstore/leases.ts';
import { openEventStoreSnapshots } from '../../src/adapters/eventstore/snapshots.ts';
import { checkpointAt, checkpointContract } from '../contracts/checkpoints.ts';
import { leaseContract } from '../contracts/leases.ts';
import { logEvents, to } from '../contracts/logEvents.ts';
import { snapshotContract } from '../contracts/snapshots.ts';
import { type EventStoreStandIn, startEventStoreStandIn } from '../support/eventstore/standIn.ts';

const standIns = new Map<string, EventStoreStandIn>();
const connections: EventStoreConnection[] = [];

/** A place is a stand-in of the server. */
const makePlace = async (): Promise<string> => {
  const standIn = await startEventStoreStandIn();
  standIns.set(standIn.url, standIn);
  return standIn.url;
};
const connect = async (url: string): Promise<EventStoreConnection> => {
  const connection = await connectEventStore({ url });
  connections.push(connection);
  return connection;
};
afterEach(() => Promise.all(connections.splice(0).map((connection) => connection.close())));
afterAll(() => {
  for (const standIn of standIns.values()) standIn.stop();
});

checkpointContract('EventStoreDB, a stand-in of it', {
  open: async (place) => openEventStoreCheckpoints({ connection: await connect(place) }),
  makePlace,
  lasts: true,
  isShared: true,
});

leaseContract('EventStoreDB, a stand-in of it', {
  open: async (place, holder, clock) =>
    openEventStoreLeases({ connection: await connect(place), holder, clock }),
  makePlace,
  isShared: true,
});

snapshotContract('EventStoreDB, a stand-in of it', {
  open: async (place) => openEventStoreSnapshots({ connection: await connect(place), name: 'alerts' }),
  makePlace,
});

it('a snapshot that was cut off in the middle leaves the one before, and so do two writers at once', async () => {
  const url = await makePlace();
  const standIn = standIns.get(url);
  if (standIn === undefined) throw new Error('it was made');
  const open = async () => openEventStoreSnapshots({ connection: await connect(url), name: 'alerts' });
  const [one, two] = [await open(), await open()];
  await one.save('whole');
  const torn = { snapshot: 'torn', part: 0, parts: 2, data: 'aaaa' };
  standIn.database.append('chronoscope.snapshot-alerts', 'any', [
    {
      id: crypto.randomUUID(),
      type: 'SnapshotPart',
      contentType: 'application/json',
      data: Buffer.from(JSON.stringify(torn)),
      metadata: new Uint8Array(),
    },
  ]);
  expect(await two.load()).toBe('whole');
  await Promise.all([one.save('of one'), two.save('of two')]);
  expect(['of one', 'of two']).toContain(await one.load());
});

it('a save whose answer was lost is no other process that has gone on', async () => {
  const url = await makePlace();
  const checkpoints = openEventStoreCheckpoints({ connection: await connect(url) });
  await checkpoints.save('a', checkpointAt(1));
  const standIn = standIns.get(url);
  let lost = 0;
  if (standIn !== undefined) {
    standIn.faults.append = (stream) =>
      stream === 'chronoscope.checkpoint-a' && lost++ === 0 ? 'stored but unavailable' : undefined;
  }
  await checkpoints.save('a', checkpointAt(2));
  await checkpoints.save('a', checkpointAt(3));
  expect(lost).toBe(3);
  expect(await checkpoints.load('a')).toEqual(checkpointAt(3));
});

it('noting where a reader is moves no head, so that nothing is noted because of it', async () => {
  const log = await openEventStoreLog({ url: await makePlace() });
  connections.push(log.connection);
  await log.append([to('a', logEvents(1, 3))]);
  const checkpoints = openEventStoreCheckpoints({ connection: log.connection });
  const leases = openEventStoreLeases({ connection: log.connection, holder: 'one', clock: Date.now });
  const head = await log.head();
  for (let i = 0; i < 50; i++) {
    await checkpoints.save('a', checkpointAt(i));
    await leases.hold('relay', 1_000);
  }
  expect(await log.head()).toBe(head);
  expect(await log.head()).toBe(head);
  await log.close();
});

it('the server keeps the end of what is noted again and again', async () => {
  const url = await makePlace();
  const checkpoints = openEventStoreCheckpoints({ connection: await connect(url) });
  for (let i = 0; i < 20; i++) await checkpoints.save('a', checkpointAt(i));
  expect(standIns.get(url)?.database.readable('chronoscope.checkpoint-a')).toHaveLength(2);
});
