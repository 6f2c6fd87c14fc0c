import { createSimulation, minuteMs } from '../../../domain/simulation/simulation.ts';
import type { Memory } from './memory.ts';
import { createSender } from './sender.ts';
import { playTraffic, wholeMinute } from './traffic.ts';

export const defaultSeed = 'chronoscope';
export const wholeDayMs = 24 * 60 * minuteMs;
/** How much of the past is sent between two notes of how far it has come. */
const noteEveryMs = 30 * minuteMs;

export interface BotOptions {
  address: string;
  key: string;
  /** Undefined when it never ran before. */
  memory: Memory | undefined;
  seed: string;
  /** How much of the time before now a bot that never ran before has lived through. */
  pastMs: number;
  clock: () => number;
  keep: (memory: Memory) => Promise<void>;
  onPast: (state: { done: number; total: number }) => void;
  /** The past is told, `events` of it; from here on it is live. */
  onLive: (events: number) => void;
  signal: AbortSignal;
}

/** The simulated bot: lives through a day that ends in an incident, then goes on with the clock. */
export async function runBot(options: BotOptions): Promise<void> {
  const now = wholeMinute(options.clock());
  const fresh = { seed: options.seed, anchor: now, sentTo: now - options.pastMs };
  const memory = options.memory ?? fresh;
  const { seed, anchor } = memory;
  const from = memory.sentTo < anchor ? memory.sentTo : now;
  await options.keep({ ...memory, sentTo: from });
  let live = from >= anchor;
  let told = 0;
  let notedAt = from;
  if (live) options.onLive(0);
  await playTraffic({
    simulation: createSimulation({ seed, anchor }),
    sender: createSender(options),
    clock: options.clock,
    from,
    signal: options.signal,
    async onSent(sentTo, events) {
      if (live) return;
      told += events;
      options.onPast({ done: sentTo - from, total: anchor - from });
      live = sentTo >= anchor;
      if (live || sentTo - notedAt >= noteEveryMs) {
        notedAt = sentTo;
        await options.keep({ seed, anchor, sentTo });
      }
      if (live) options.onLive(told);
    },
  });
}
