import { Backtest, type BacktestAsked, readingOf } from '../../../../src/domain/alerts/backtest/backtest.ts';
import type { RuleSet } from '../../../../src/domain/alerts/rule.ts';
import { readRules } from '../../../../src/domain/alerts/rules/read.ts';
import type { EventType } from '../../../../src/domain/events/catalogue.ts';
import type { RecordedEvent } from '../../../../src/domain/events/envelope.ts';
import { asPosition } from '../../../../src/domain/position.ts';
import { event } from '../../../support/events.ts';

/** A log written by hand, and rules to try on it. */

export const second = 1_000;
export const minute = 60_000;
export const start = Date.UTC(2026, 10, 1);

export const rulesOf = (text: string): RuleSet => {
  const read = readRules(text);
  if (read.kind === 'refused') throw new Error(JSON.stringify(read.faults));
  return read.ruleSet;
};

export const errorRate = (above: string, over = ''): string => `
rules:
  - name: error-rate
    measure: error_rate
    by: [service]
    window: 1m
    every: 1s
    warning: { above: ${above}, for: 0s }
    minimumVolume: 5
    title: "{{service}} fails"
    ${over}
`;

export function recorded(
  type: EventType,
  occurredAt: number,
  over: { recordedAt?: number; data?: object } & Record<string, unknown> = {},
): RecordedEvent {
  const { recordedAt = occurredAt, ...rest } = over;
  return {
    ...event(type, { occurredAt, ...rest }),
    recordedAt,
    stream: 's',
    position: asPosition('0'),
  } as RecordedEvent;
}

/** One request a second over `[from, to)`, a share of which fails evenly. */
export function requests(from: number, to: number, failing = 0, over: object = {}): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  let owed = 0;
  for (let at = from; at < to; at += second) {
    owed += failing;
    const status = owed >= 1 ? 'error' : 'success';
    if (owed >= 1) owed -= 1;
    events.push(recorded('RequestCompleted', at, { data: { status }, ...over }));
  }
  return events;
}

/** The log takes events in the order of recording. */
export const inOrder = (...parts: readonly RecordedEvent[][]): RecordedEvent[] =>
  parts
    .flat()
    .sort((a, b) => a.recordedAt - b.recordedAt)
    .map((one, index) => ({ ...one, position: asPosition(String(index + 1)) }));

export function backtest(
  events: readonly RecordedEvent[],
  over: Partial<BacktestAsked> & { rules: RuleSet },
) {
  const asked: BacktestAsked = {
    project: 'default',
    from: start,
    to: start + 30 * minute,
    mode: 'as_arrived',
    channels: ['chat'],
    ...over,
  };
  const made = new Backtest(asked);
  const { fromTime, toTime, passes } = readingOf(asked);
  const within = events.filter(({ recordedAt }) => recordedAt >= fromTime && recordedAt < toTime);
  for (let pass = 0; pass < passes; pass++) {
    made.take(within);
    made.passEnds();
  }
  return made;
}
