import type { AppendOutcome, StreamAppend } from '../../projections/ports.ts';

/** One append that waits for its answer. */
export interface Call {
  appends: readonly StreamAppend[];
  resolve: (outcome: AppendOutcome) => void;
  reject: (error: unknown) => void;
}

export function idsOf(calls: readonly Call[]): string[] {
  const ids: string[] = [];
  for (const { appends } of calls) {
    for (const { events } of appends) {
      for (const { id } of events) ids.push(id);
    }
  }
  return ids;
}

export function countOf({ appends }: Call): number {
  let count = 0;
  for (const { events } of appends) count += events.length;
  return count;
}
