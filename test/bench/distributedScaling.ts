import { join } from 'node:path';
import type { Position } from '../../src/domain/position.ts';
import { type Insert, openCountingStore } from './distributedCounting.ts';
import { brokerMs, micros } from './distributedTools.ts';
import { type EngineProcess, startEngine } from './engine.ts';
import type { Figure } from './figures.ts';
import { queryable } from './scenarios.ts';
import { pause } from './steady.ts';

export interface ProjectingOptions {
  count: 1 | 2;
  folder: string;
  env: Record<string, string>;
  head: Position;
  events: number;
}

export interface Run {
  count: 1 | 2;
  /** In the time that was looked at, from when the lanes had been shared out. */
  events: number;
  seconds: number;
  processorMs: number;
  brokerMs: number;
  /** Lanes of each process. */
  shares: readonly number[];
}

interface Sample {
  at: number;
  processorMs: number;
  brokerMs: number;
}

const sampleEveryMs = 50;

/** A fresh set of read models from a topic that is full. */
export async function runProjecting(options: ProjectingOptions): Promise<Run> {
  const inserts: Insert[] = [];
  const numbers = Array.from({ length: options.count }, (_, number) => number);
  const stores = await Promise.all(numbers.map((number) => openCountingStore(number, inserts)));
  const database = `bench_${options.folder.replace(/\D/g, '')}`;
  const engines = await Promise.all(
    stores.map(({ url }, number) =>
      startEngine(join(options.folder, `project-${number}`), {
        ...options.env,
        CHRONOSCOPE_READ: `${url}/${database}`,
        CHRONOSCOPE_ROLES: 'project,api',
      }),
    ),
  );
  const samples: Sample[] = [];
  const [first] = engines;
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      samples.push(await sample(engines));
      await pause(sampleEveryMs);
    }
  })();
  if (first !== undefined) await queryable(first, options.head, 600);
  isOver = true;
  await sampling;
  samples.push(await sample(engines));
  await Promise.all(engines.map((engine) => engine.stop()));
  await Promise.all(stores.map((store) => store.close()));
  return measured(options, inserts, samples);
}

async function sample(engines: readonly EngineProcess[]): Promise<Sample> {
  const each = await Promise.all(engines.map((engine) => engine.processorMs()));
  const processorMs = each.reduce((sum, one) => sum + one, 0);
  return { at: performance.now(), processorMs, brokerMs: await brokerMs() };
}

function measured({ count, events }: ProjectingOptions, inserts: Insert[], samples: Sample[]): Run {
  const owners = new Map<number, number>();
  let settledAt = 0;
  for (const { at, lane, process } of inserts) {
    if (owners.get(lane) !== process && owners.has(lane)) settledAt = at;
    owners.set(lane, process);
  }
  const from = samples.find(({ at }) => at >= settledAt) ?? samples[0];
  const to = samples.at(-1);
  if (from === undefined || to === undefined) throw new Error('nothing was measured');
  const bytesOf = (some: readonly Insert[]) => some.reduce((sum, { bytes }) => sum + bytes, 0);
  const within = inserts.filter(({ at }) => at > from.at);
  const end = within.at(-1)?.at ?? to.at;
  const lanesOf = (process: number) => [...owners.values()].filter((owner) => owner === process).length;
  return {
    count,
    events: (events * bytesOf(within)) / bytesOf(inserts),
    seconds: (end - from.at) / 1_000,
    processorMs: to.processorMs - from.processorMs,
    brokerMs: to.brokerMs - from.brokerMs,
    shares: Array.from({ length: count }, (_, process) => lanesOf(process)),
  };
}

/** The store answers at once, and so these are the processes' own; all of them share the cores with the broker. */
export function scalingFigures(runs: readonly Run[]): Figure[] {
  const of = (count: 1 | 2) => {
    const those = runs.filter((run) => run.count === count);
    const sum = (value: (run: Run) => number) => those.reduce((total, run) => total + value(run), 0);
    const events = sum((run) => run.events);
    const cost = (sum((run) => run.processorMs) * 1_000) / events;
    const broker = (sum((run) => run.brokerMs) * 1_000) / events;
    const shares = those.map((run) => run.shares.join(' and ')).join('; ');
    return { rate: events / sum((run) => run.seconds), events, cost, broker, shares };
  };
  const [one, two] = [of(1), of(2)];
  const note = ({ events, broker, shares }: typeof one) =>
    `lanes: ${shares}; of ${Math.round(events).toLocaleString('en-US')} events; ${micros(broker)} in the broker`;
  return [
    {
      name: 'project, one process into a counting store',
      value: one.rate,
      unit: 'events/s',
      note: note(one),
    },
    { name: 'project, two processes', value: two.rate, unit: 'events/s', note: note(two) },
    { name: 'two project processes, of one', value: two.rate / one.rate, unit: '' },
    { name: 'project, one process, processor time of an event', value: one.cost, unit: 'µs' },
    { name: 'project, two processes, processor time of an event', value: two.cost, unit: 'µs' },
    {
      name: 'what two would take in on cores of their own, of one',
      value: (2 * one.cost) / two.cost,
      unit: '',
      note: 'by processor time alone',
    },
  ];
}
