import type { Decision } from '../../src/domain/alerts/processor/decision.ts';
import type { AlertProcessor } from '../../src/domain/alerts/processor/processor.ts';
import type { RuleSet } from '../../src/domain/alerts/rule.ts';
import { readRules } from '../../src/domain/alerts/rules/read.ts';
import type { EventType } from '../../src/domain/events/catalogue.ts';
import type { NewEvent, RecordedEvent } from '../../src/domain/events/envelope.ts';
import { asPosition } from '../../src/domain/position.ts';
import { event } from './events.ts';

/** What alerts are decided from, and what was decided, both easy to read: times are seconds after a midnight. */

const midnight = Date.UTC(2026, 10, 25);

export const at = (seconds: number): number => midnight + seconds * 1_000;
const secondsOf = (time: number): number => (time - midnight) / 1_000;

export function rulesOf(text: string): RuleSet {
  const read = readRules(text);
  if (read.kind === 'refused') throw new Error(JSON.stringify(read.faults));
  return read.ruleSet;
}

let positions = 0;

/** As the log gives it back, by default without any delay between happening and being recorded. */
export const recorded = (one: NewEvent, recordedAt = one.occurredAt): RecordedEvent => ({
  ...one,
  recordedAt,
  position: asPosition(String(++positions)),
  stream: 'test',
});

export const happened = (
  type: EventType,
  seconds: number,
  over: { data?: object; recorded?: number } & Record<string, unknown> = {},
): RecordedEvent => {
  const { recorded: recordedSeconds, ...rest } = over;
  return recorded(event(type, { occurredAt: at(seconds), ...rest }), at(recordedSeconds ?? seconds));
};

export const request = (seconds: number, data: object = {}, envelope: object = {}): RecordedEvent =>
  happened('RequestCompleted', seconds, { ...envelope, data });

export const clock = (seconds: number, project = 'default'): RecordedEvent =>
  happened('ClockAdvanced', seconds, { project, service: 'chronoscope', data: { to: at(seconds) } });

/** What was decided, in words: `60 AlertFired critical`. */
export const inWords = ({ event: { type, data } }: Pick<Decision, 'event'>): string => {
  const { at: time, severity, cause, reason } = data as Record<string, string> & { at: number };
  return [secondsOf(time), type, severity ?? cause ?? reason].filter((word) => word !== undefined).join(' ');
};

/** With the last beat as well, as if nothing more came in it. */
export const decided = (processor: AlertProcessor, events: Iterable<RecordedEvent>): Decision[] => [
  ...[...events].flatMap((one) => processor.observe(one)),
  ...processor.endBeat(),
];
