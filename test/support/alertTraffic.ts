import type { NewEvent } from '../../src/domain/events/envelope.ts';
import { toEvent } from '../../src/domain/native/toEvent.ts';
import { createRandom, type Random } from '../../src/domain/simulation/random.ts';
import { createSimulation, minuteMs } from '../../src/domain/simulation/simulation.ts';

/** An event and when it arrives, which need not be when it happened. */
export interface Arriving {
  arrivesAt: number;
  event: NewEvent;
}

const anchor = Date.parse('2026-03-12T14:30:00Z');

/** The times of the simulated incident: from a bad deploy to its rollback and somewhat beyond. */
export const incident = { from: anchor - 105 * minuteMs, to: anchor - 30 * minuteMs };
export const wholeDay = { from: anchor - 1_440 * minuteMs, to: anchor };

/** How an event travels: most at once, some slowly, few by the next bus, and some from a clock that is ahead. */
function arrivalOf(time: number, random: Random): { occurredAt: number; arrivesAt: number } {
  const way = random.int(1_000);
  const at = (delayMs: number) => ({ occurredAt: time, arrivesAt: time + delayMs });
  if (way < 900) return at(random.int(400));
  if (way < 970) return at(1_000 + random.int(20_000));
  if (way < 985) return at(180_000 + random.int(120_000));
  if (way < 990) return at(3_600_000);
  return { occurredAt: time + random.int(300_000), arrivesAt: time };
}

/** Two busy projects and one that is mostly still, in the order in which their events arrive. */
export function trafficOf({ from, to }: { from: number; to: number }, seed: string): Arriving[] {
  const random = createRandom(`${seed} ways`);
  const arriving: Arriving[] = [];
  const projects = [
    { project: 'default', everyMinutes: 1 },
    { project: 'shop', everyMinutes: 1 },
    { project: 'still', everyMinutes: 17 },
  ];
  for (const { project, everyMinutes } of projects) {
    const simulation = createSimulation({ seed: `${seed} ${project}`, anchor });
    for (let minute = from; minute < to; minute += everyMinutes * minuteMs) {
      for (const native of simulation.minute(minute)) {
        const { occurredAt, arrivesAt } = arrivalOf(native.time, random);
        if (arrivesAt >= to) continue;
        const event = toEvent(native, { project, now: native.time, newId: () => native.id });
        if ('id' in event) arriving.push({ arrivesAt, event: { ...event, occurredAt } });
      }
    }
  }
  return arriving.sort((a, b) => a.arrivesAt - b.arrivesAt || (a.event.id < b.event.id ? -1 : 1));
}
