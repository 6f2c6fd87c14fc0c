import type { NewEvent } from '../../domain/events/envelope.ts';
import type { AppendOutcome, ExpectedRevision, StreamAppend } from '../../projections/ports.ts';
import type { Expected } from './deliver.ts';

/** All that one call has for one stream, as one append. */
export interface StreamPlan {
  stream: string;
  events: NewEvent[];
  /** The revision before the call that its expectations come down to. */
  base: Expected;
  /** The expectation that says so, and how many events of the call stand before it. */
  decisive?: { expected: ExpectedRevision; before: number };
  /** One that cannot be met when that one is. */
  contradiction?: { expected: ExpectedRevision; before: number };
}

export interface CallPlan {
  streams: StreamPlan[];
  duplicates: number;
}

/** Sorts a call by streams; ids that are known, or come twice, are left out. */
export function planCall(appends: readonly StreamAppend[], isKnown: (id: string) => boolean): CallPlan {
  const streams = new Map<string, StreamPlan>();
  const seen = new Set<string>();
  let duplicates = 0;
  for (const { stream, events, expected } of appends) {
    const plan = streams.get(stream) ?? { stream, events: [], base: 'any' as const };
    streams.set(stream, plan);
    const before = plan.events.length;
    for (const event of events) {
      if (seen.has(event.id) || isKnown(event.id)) continue;
      seen.add(event.id);
      plan.events.push(event);
    }
    const fresh = plan.events.length - before;
    duplicates += events.length - fresh;
    const repeated = events.length > 0 && fresh === 0;
    if (expected !== 'any' && !repeated) expectOf(plan, expected, before);
  }
  return { streams: [...streams.values()], duplicates };
}

function expectOf(plan: StreamPlan, expected: Exclude<ExpectedRevision, 'any'>, before: number): void {
  const base = (expected === 'none' ? -1 : expected) - before;
  if (plan.decisive === undefined) {
    plan.base = base;
    plan.decisive = { expected, before };
  } else if (base !== plan.base) {
    plan.contradiction ??= { expected, before };
  }
}

/** The conflict that a stream's last revision makes of a plan. */
export function conflictOf(plan: StreamPlan, last: number): AppendOutcome | undefined {
  const { stream, base, decisive, contradiction } = plan;
  const unmet = last === base ? contradiction : decisive;
  if (unmet === undefined) return undefined;
  const actual = last + unmet.before;
  return { kind: 'conflict', stream, expected: unmet.expected, actual: actual < 0 ? 'none' : actual };
}
