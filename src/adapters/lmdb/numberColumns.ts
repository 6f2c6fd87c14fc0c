import type { RecordedEvent } from '../../domain/events/envelope.ts';

/** Whole microseconds, each less the one before; or the numbers as they came. */
export type OccurredColumn = { micros: number[] } | { exact: number[] };

export function stepsOf(numbers: readonly number[], start: number): number[] {
  const steps = new Array<number>(numbers.length);
  let before = start;
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i] as number;
    steps[i] = value - before;
    before = value;
  }
  return steps;
}

export function occurredColumn(events: readonly RecordedEvent[]): OccurredColumn {
  const micros = new Array<number>(events.length);
  for (let i = 0; i < events.length; i++) {
    const { occurredAt } = events[i] as RecordedEvent;
    const value = Math.round(occurredAt * 1000);
    // Only when dividing gives back the very same number; a clock finer than microseconds keeps its own form.
    if (value / 1000 !== occurredAt) return { exact: events.map((event) => event.occurredAt) };
    micros[i] = value;
  }
  return { micros: stepsOf(micros, 0) };
}

export function unpackOccurred(column: OccurredColumn): number[] {
  if ('exact' in column) return column.exact;
  let micros = 0;
  return column.micros.map((step) => {
    micros += step;
    return micros / 1000;
  });
}

export function runsOf(events: readonly RecordedEvent[]): number[] {
  const runs: number[] = [];
  let value: number | undefined;
  let repeated = 0;
  for (const { recordedAt } of events) {
    if (recordedAt === value) {
      repeated++;
      continue;
    }
    if (value !== undefined) runs.push(value, repeated);
    value = recordedAt;
    repeated = 1;
  }
  if (value !== undefined) runs.push(value, repeated);
  return runs;
}

export function unpackRuns(runs: readonly number[], count: number): number[] {
  const values = new Array<number>(count);
  let at = 0;
  for (let run = 0; run < runs.length; run += 2) {
    const end = at + (runs[run + 1] as number);
    values.fill(runs[run] as number, at, end);
    at = end;
  }
  return values;
}
