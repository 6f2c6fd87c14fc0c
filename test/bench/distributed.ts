import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrokerOptions, createBroker } from '../support/kafka/broker.ts';
import { installedKafka } from '../support/kafka/installed.ts';
import { appending } from './distributedAppend.ts';
import { byLanes, untilVisible } from './distributedEngine.ts';
import { relayAndRead } from './distributedFeed.ts';
import { processes } from './distributedProcesses.ts';
import type { Figure } from './figures.ts';

export interface DistributedBench {
  say(text: string): void;
  add(...figures: Figure[]): void;
  /** One part of them alone. */
  only: DistributedPart | undefined;
  events: number;
}

/** What every part is given. */
export interface Place {
  folder: string;
  brokers: readonly string[];
  events: number;
}

export const distributedParts = ['relay', 'lanes', 'visible', 'processes', 'append'] as const;
export type DistributedPart = (typeof distributedParts)[number];

/** Enough for seconds of each row on two cores. */
export const fewEvents = 300_000;

const kafka = '4.1.0';

/** Two processes that start at the same time are to have their lanes from the beginning. */
const sharedOutLate = { firstShareMs: 3_000 };

interface Part {
  run(place: Place): Promise<Figure[]>;
  /** None where none is needed. */
  broker?: BrokerOptions;
}

const parts: Record<DistributedPart, Part> = {
  relay: { run: relayAndRead, broker: {} },
  lanes: { run: byLanes, broker: {} },
  visible: { run: untilVisible, broker: {} },
  processes: { run: processes, broker: sharedOutLate },
  append: { run: appending },
};

/** The distributed profile on one machine: a real broker, and stand-ins where a figure says so. */
export async function benchDistributed({ say, add, only, events }: DistributedBench): Promise<void> {
  // Fetches the broker, and is no source that a compiler takes along.
  await cp(beside('../../../test/support/kafka/pom.xml'), beside('../support/kafka/pom.xml'));
  for (const part of distributedParts) {
    if (only !== undefined && only !== part) continue;
    say(`distributed: ${part}`);
    const { run, broker: options } = parts[part];
    const installed = options === undefined ? {} : installedKafka(kafka);
    if ('missing' in installed) {
      say(`  SKIPPED, for want of a Kafka broker: ${installed.missing}`);
      continue;
    }
    const folder = await mkdtemp(join(tmpdir(), 'chronoscope-bench-'));
    // One for each part: what a broker has warmed up, and what lies on its disk, is the same for all.
    const broker = options && (await createBroker(kafka, options));
    try {
      await broker?.start();
      add(...(await run({ folder, events, brokers: broker?.brokers ?? [] })));
    } finally {
      await broker?.remove();
      await rm(folder, { recursive: true, force: true });
    }
  }
}

const beside = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
