import { setTimeout as wait } from 'node:timers/promises';
import type { SimulatedEvent } from '../../../domain/simulation/requests.ts';
import { minuteMs, type Simulation } from '../../../domain/simulation/simulation.ts';
import type { Sender } from './sender.ts';

export interface TrafficDeps {
  simulation: Simulation;
  sender: Sender;
  /** Epoch milliseconds. */
  clock: () => number;
  /** The minute to begin with; what lies in the past is sent at once. */
  from: number;
  /** The whole minutes before `start` are sent. */
  onSent: (start: number, events: number) => void | Promise<void>;
  signal: AbortSignal;
}

const batchEvents = 1_000;
const liveTickMs = 500;

export const wholeMinute = (time: number): number => Math.floor(time / minuteMs) * minuteMs;

/** Plays the simulation against the clock, from the past up to now and then on with it, until it is aborted. */
export async function playTraffic(deps: TrafficDeps): Promise<void> {
  const { simulation, sender, clock, onSent, signal } = deps;
  let pending: SimulatedEvent[] = [];
  let sentInMinute = 0;

  const sendDue = async (atLeast: number): Promise<void> => {
    const now = clock();
    const due = pending.filter(({ time }) => time <= now);
    if (due.length < atLeast) return;
    pending = pending.filter(({ time }) => time > now);
    for (let at = 0; at < due.length; at += batchEvents) {
      await sender.send(due.slice(at, at + batchEvents), signal);
    }
    sentInMinute += due.length;
  };

  for (let start = deps.from; ; start += minuteMs) {
    pending.push(...simulation.minute(start));
    while (clock() < start + minuteMs) {
      await sendDue(1);
      await wait(liveTickMs, undefined, { signal });
    }
    const behind = clock() >= start + 2 * minuteMs;
    await sendDue(behind ? batchEvents : 1);
    if (sentInMinute > 0) await onSent(start + minuteMs, sentInMinute);
    sentInMinute = 0;
    signal.throwIfAborted();
  }
}
