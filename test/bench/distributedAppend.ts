import type { Place } from './distributed.ts';
import type { AppendOptions } from './distributedProgram.ts';
import { micros, microsOf, runHelper, type Spent, startHelper } from './distributedTools.ts';
import { processorMs } from './engine.ts';
import type { Figure } from './figures.ts';

interface Shape {
  name: string;
  streams: number;
  /** Of all events: calls of many streams take longer. */
  share: number;
}

const shapes: readonly Shape[] = [
  { name: 'one stream', streams: 1, share: 1 / 3 },
  { name: '300 streams', streams: 300, share: 1 / 10 },
  { name: 'a stream for each request', streams: 0, share: 1 / 30 },
];

/** What the client of an event store gets through. The store is a stand-in: no disk, no other nodes, one thread. */
export async function appending({ events: all }: Place): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, streams, share } of shapes) {
    const standIn = await startHelper<{ url: string }>('standIn', {});
    const events = Math.ceil((all * share) / 1_000) * 1_000;
    const before = await processorMs(standIn.pid);
    const options: AppendOptions = { url: standIn.said.url, events, streams };
    const spent = await runHelper<Spent>('appended', options);
    const inStandIn = microsOf({ processorMs: (await processorMs(standIn.pid)) - before }, events);
    await standIn.stop();
    figures.push({
      name: `append of 1,000 events to a stand-in, ${name}`,
      value: events / spent.seconds,
      unit: 'events/s',
      note: `${micros(microsOf(spent, events))} of processor time for an event in the client, ${micros(inStandIn)} in the stand-in`,
    });
  }
  return figures;
}
