import { describe, expect, it } from 'vitest';
import {
  abandonedAfterMs,
  breakerFailures,
  retryForMs,
  retryOf,
  waitAfter,
} from '../../../src/domain/alerts/outbox/retry.ts';
import { OutboxState, type OutboxStep } from '../../../src/domain/alerts/outbox.ts';
import type { RecordedEvent } from '../../../src/domain/events/envelope.ts';
import { attempted, delivered, recordedAs, refused, requested } from '../../support/notifications.ts';

const day = retryForMs;
const crash = 'crash';
type Given = readonly (RecordedEvent | typeof crash)[];

function stateOf(given: Given): OutboxState {
  const state = new OutboxState();
  for (const one of given) {
    if (one === crash) state.restarted();
    else state.observe(one);
  }
  return state;
}

/** `a#2` is the second attempt of a; `a! why` closes it. */
const shown = (step: OutboxStep): string => {
  const { notification } = step.waiting.request;
  return step.kind === 'attempt' ? `${notification}#${step.attempt}` : `${notification}! ${step.reason}`;
};

const nobody = new Set<string>();
const nextOf = (given: Given, now: number, held: readonly string[] = []): string[] =>
  stateOf(given).next(now, new Set(held)).map(shown);

const mail = { channel: 'mail' };
const critical = { severity: 'critical' } as const;
const info = { severity: 'info' } as const;
const g = { group: 'g' };
const resolved = { group: 'g', state: 'resolved' } as const;

/** Temporary refusals in a row of one notification, each a second after the other. */
const failures = (notification: string, count: number, from = 0): RecordedEvent[] =>
  Array.from({ length: count }, (_, i) => [
    attempted(notification, i + 1, from + i * 1_000),
    refused(notification, i + 1, from + i * 1_000, { retryAt: from + i * 1_000 + 1 }),
  ]).flat();
const brokenAt = (breakerFailures - 1) * 1_000;
const probeAt = brokenAt + waitAfter(breakerFailures, 'slack');

const table: [promise: string, given: Given, now: number, next: string[], held?: string[]][] = [
  ['nothing is sent that was not requested', [attempted('a', 1, 0), delivered('a', 1, 1)], 5, []],
  ['what is requested is attempted at once', [requested('a', 0)], 0, ['a#1']],
  ['requested twice is one', [requested('a', 0), requested('a', 0)], 0, ['a#1']],
  ['what somebody works on is left alone', [requested('a', 0)], 0, [], ['a']],
  ['an attempt under way is left alone', [requested('a', 0), attempted('a', 1, 1)], 5, []],
  ['one channel has one attempt', [requested('a', 0), requested('b', 0), attempted('a', 1, 1)], 5, []],
  ['another channel goes on', [requested('a', 0), requested('b', 0, mail), attempted('a', 1, 1)], 5, ['b#1']],
  [
    'each channel has its first',
    [requested('a', 0), requested('b', 1), requested('c', 2, mail)],
    5,
    ['a#1', 'c#1'],
  ],
  [
    'critical is first',
    [requested('a', 0, info), requested('b', 1), requested('c', 2, critical)],
    5,
    ['c#1'],
  ],
  ['then warning', [requested('a', 0, info), requested('b', 1), requested('c', 2)], 5, ['b#1']],
  ['what is delivered is at its end', [requested('a', 0), attempted('a', 1, 1), delivered('a', 1, 2)], 5, []],
  [
    'refused for good is at its end',
    [requested('a', 0), attempted('a', 1, 1), refused('a', 1, 2)],
    day * 2,
    [],
  ],
  [
    'a refused one waits',
    [requested('a', 0), attempted('a', 1, 1), refused('a', 1, 2, { retryAt: 900 })],
    899,
    [],
  ],
  [
    'until its time',
    [requested('a', 0), attempted('a', 1, 1), refused('a', 1, 2, { retryAt: 900 })],
    900,
    ['a#2'],
  ],
  [
    'its wait holds up no other',
    [requested('a', 0), requested('b', 1), attempted('a', 1, 1), refused('a', 1, 2, { retryAt: 900 })],
    5,
    ['b#1'],
  ],
  [
    'a channel that asks for a pause is left alone as a whole',
    [
      requested('a', 0),
      requested('b', 1),
      attempted('a', 1, 1),
      refused('a', 1, 2, { retryAt: 900, pausedUntil: 800 }),
    ],
    799,
    [],
  ],
  [
    'and goes on after it',
    [
      requested('a', 0),
      requested('b', 1),
      attempted('a', 1, 1),
      refused('a', 1, 2, { retryAt: 900, pausedUntil: 800 }),
    ],
    800,
    ['b#1'],
  ],
  ['a crash while nothing was under way changes nothing', [requested('a', 0), crash], 5, ['a#1']],
  ['an attempt cut off is made again', [requested('a', 0), attempted('a', 1, 1), crash], 5, ['a#2']],
  [
    'once for each crash',
    [requested('a', 0), attempted('a', 1, 1), crash, attempted('a', 2, 3), crash],
    5,
    ['a#3'],
  ],
  [
    'not while it is under way',
    [requested('a', 0), attempted('a', 1, 1), crash, attempted('a', 2, 3)],
    5,
    [],
  ],
  [
    'delivered before the crash stays so',
    [requested('a', 0), attempted('a', 1, 1), delivered('a', 1, 2), crash],
    5,
    [],
  ],
  [
    'the attempt of another process is waited for',
    [requested('a', 0), attempted('a', 1, 1)],
    abandonedAfterMs,
    [],
  ],
  ['but not for ever', [requested('a', 0), attempted('a', 1, 1)], abandonedAfterMs + 1, ['a#2']],
  ['a day is long enough', [requested('a', 0)], day, ['a! not delivered within 24 hours, 0 attempts']],
  [
    'the last reason is told',
    [requested('a', 0), attempted('a', 1, 1), refused('a', 1, 2, { retryAt: 900 })],
    day,
    ['a! not delivered within 24 hours, 1 attempts; the last refusal: HTTP 503'],
  ],
  [
    'a broken channel is left alone, whatever is due',
    [requested('a', 0), requested('b', 1), ...failures('a', breakerFailures)],
    probeAt - 1,
    [],
  ],
  [
    'then it is probed with one',
    [requested('a', 0), requested('b', 1), ...failures('a', breakerFailures)],
    probeAt,
    ['a#6'],
  ],
  [
    'one failure less does not break it',
    [requested('a', 0), requested('b', 1), ...failures('a', breakerFailures - 1)],
    brokenAt,
    ['a#5'],
  ],
  [
    'a delivery mends it, and what waited goes on at once',
    [
      requested('a', 0),
      requested('b', 1, critical),
      ...failures('a', breakerFailures - 1),
      attempted('a', 5, brokenAt),
      refused('a', 5, brokenAt, { retryAt: brokenAt + 300_000 }),
      attempted('b', 1, probeAt),
      delivered('b', 1, probeAt),
    ],
    probeAt,
    ['a#6'],
  ],
  [
    'a delivery shortens no wait while the channel works',
    [
      requested('a', 0),
      requested('b', 1),
      attempted('a', 1, 1),
      refused('a', 1, 2, { retryAt: 900 }),
      attempted('b', 1, 3),
      delivered('b', 1, 4),
    ],
    899,
    [],
  ],
  [
    'a refusal for good mends it too',
    [
      requested('a', 0),
      requested('b', 1),
      ...failures('a', breakerFailures),
      attempted('a', 6, brokenAt),
      refused('a', 6, brokenAt),
    ],
    brokenAt,
    ['b#1'],
  ],
  [
    'stopped before it was sent is no failure of the channel',
    [
      requested('a', 0),
      ...Array.from({ length: breakerFailures + 1 }, (_, i) => [
        attempted('a', i + 1, 9),
        refused('a', i + 1, 9, { retryAt: 9 }),
      ]).flat(),
    ],
    9,
    ['a#7'],
  ],
  [
    'few that wait are all sent, out of date or not',
    [requested('a', 0, g), requested('b', 1, g), requested('c', 2, g)],
    5,
    ['a#1'],
  ],
  [
    'of many only the newest of a group',
    [requested('a', 0, g), requested('b', 1, g), requested('c', 2, g), requested('d', 3)],
    5,
    ['a! superseded by c', 'b! superseded by c', 'c#1'],
  ],
  [
    'the same group on another channel is another',
    [
      requested('a', 0, g),
      requested('b', 1),
      requested('c', 2),
      requested('d', 3, { ...g, ...mail }),
      requested('e', 4),
    ],
    5,
    ['a#1', 'd#1'],
  ],
  [
    'one under way is not closed',
    [
      requested('a', 0, g),
      attempted('a', 1, 1),
      requested('b', 1, g),
      requested('c', 2, g),
      requested('d', 3),
    ],
    5,
    ['b! superseded by c'],
  ],
  [
    'of many, an end is dropped when nobody knows of the alert',
    [requested('a', 0, g), requested('b', 1, resolved), requested('c', 2), requested('d', 3)],
    5,
    ['a! superseded by b', 'b! resolved before anybody was told of it', 'c#1'],
  ],
  [
    'but is told to whoever knows',
    [
      requested('z', 0, g),
      attempted('z', 1, 0),
      delivered('z', 1, 0),
      requested('a', 0, g),
      requested('b', 1, resolved),
      requested('c', 2),
      requested('d', 3),
    ],
    5,
    ['a! superseded by b', 'b#1'],
  ],
  [
    'and to whoever may know',
    [
      requested('a', 0, g),
      attempted('a', 1, 0),
      crash,
      requested('b', 1, resolved),
      requested('c', 2),
      requested('d', 3),
    ],
    5,
    ['a! superseded by b', 'b#1'],
  ],
  [
    'and to whoever may know from an attempt that was taken over',
    [
      requested('a', 0, g),
      attempted('a', 1, 0),
      attempted('a', 2, abandonedAfterMs),
      refused('a', 2, abandonedAfterMs),
      requested('b', 1, resolved),
      requested('c', 2),
      requested('d', 3),
      requested('e', 4),
    ],
    5,
    ['b#1'],
  ],
  [
    'still, when an earlier end was closed as superseded',
    [
      requested('z', 0, g),
      attempted('z', 1, 0),
      delivered('z', 1, 0),
      requested('a', 0, resolved),
      requested('b', 1, resolved),
      requested('c', 2),
      requested('d', 3),
      requested('e', 4),
      refused('a', 1, 4),
    ],
    5,
    ['b#1'],
  ],
  [
    'not to those who have been told the end before',
    [
      requested('z', 0, g),
      attempted('z', 1, 0),
      delivered('z', 1, 0),
      requested('y', 0, resolved),
      attempted('y', 1, 0),
      delivered('y', 1, 0),
      requested('b', 1, resolved),
      requested('c', 2),
      requested('d', 3),
      requested('e', 4),
    ],
    5,
    ['b! resolved before anybody was told of it', 'c#1'],
  ],
  [
    'what is overtaken is not sent after it, storm or not',
    [
      requested('a', 0, g),
      requested('b', 1, { ...g, ...critical }),
      attempted('b', 1, 2),
      delivered('b', 1, 3),
    ],
    5,
    ['a! superseded by b'],
  ],
  [
    'what came later is not overtaken',
    [requested('a', 0, g), attempted('a', 1, 2), requested('b', 2, g), delivered('a', 1, 3)],
    5,
    ['b#1'],
  ],
  ['other events are nothing to it', [recordedAs('ClockAdvanced', { to: 5 }, 0)], 5, []],
];

describe('what the outbox sends next', () => {
  it.each(table)('%s', (_, given, now, next, held) => {
    expect(nextOf(given, now, held)).toEqual(next);
  });

  it.each(table)('loaded again it goes on the same: %s', (_, given, now, next, held) => {
    const saved = stateOf(given).save();
    const loaded = new OutboxState(JSON.parse(JSON.stringify(saved)));
    expect(loaded.save()).toEqual(saved);
    expect(loaded.next(now, new Set(held)).map(shown)).toEqual(next);
  });

  it('a snapshot is not changed by what comes after it', () => {
    const state = stateOf([requested('a', 0)]);
    const saved = state.save();
    const before = JSON.stringify(saved);
    state.observe(attempted('a', 1, 1));
    expect(JSON.stringify(saved)).toBe(before);
  });
});

describe('when the outbox has to look again', () => {
  const due = (given: Given, held: readonly string[] = []) => stateOf(given).nextDue(5, new Set(held));
  const waiting = [requested('a', 0), attempted('a', 1, 1), refused('a', 1, 2, { retryAt: 900 })];
  it.each<[string, Given, number | undefined, string[]?]>([
    ['never while nothing waits', [], undefined],
    ['never while all are at work', [requested('a', 0)], undefined, ['a']],
    ['when the next is due', waiting, 900],
    ['at the deadline at the latest', [...waiting, requested('b', 3)], day, ['b']],
    ['when an attempt counts as abandoned', [requested('a', 0), attempted('a', 1, 1)], 1 + abandonedAfterMs],
    ['when a broken channel is probed', [requested('a', 0), ...failures('a', breakerFailures)], probeAt],
  ])('%s', (_, given, expected, held) => {
    expect(due(given, held)).toBe(expected);
  });

  it('tells the backlog of each channel', () => {
    const given = [...waiting, requested('b', 7), requested('c', 8, mail)];
    expect(stateOf(given).backlog()).toEqual([
      { channel: 'slack', waiting: 2, oldest: 0, failures: 1 },
      { channel: 'mail', waiting: 1, oldest: 8, failures: 0 },
    ]);
    expect(stateOf(given).next(2_000, nobody)).toHaveLength(2);
  });
});

describe('how long a refused notification waits', () => {
  it('doubles from a second to five minutes, less at most a fifth', () => {
    for (let failed = 1; failed <= 2_000; failed++) {
      const full = Math.min(1_000 * 2 ** (failed - 1), 300_000);
      expect(waitAfter(failed, 'n')).toBeGreaterThanOrEqual(full * 0.8);
      expect(waitAfter(failed, 'n')).toBeLessThanOrEqual(full);
    }
  });

  it('is the same whenever it is computed, and not the same for all', () => {
    expect(waitAfter(9, 'a')).toBe(waitAfter(9, 'a'));
    expect(new Set(Array.from({ length: 50 }, (_, i) => waitAfter(9, `n${i}`))).size).toBeGreaterThan(40);
  });

  const failed = { notification: 'n', attempt: 1, deadline: day };
  const first = waitAfter(1, 'n');
  it.each([
    ['for good', { permanent: true, retryAfterMs: 5_000 }, {}],
    ['for its back-off', { permanent: false }, { retryAt: 100 + first }],
    ['as long as asked', { permanent: false, retryAfterMs: 5_000 }, { retryAt: 5_100, pausedUntil: 5_100 }],
    [
      'its back-off when less was asked',
      { permanent: false, retryAfterMs: 1 },
      { retryAt: 100 + first, pausedUntil: 101 },
    ],
    [
      'an hour at most',
      { permanent: false, retryAfterMs: 1e12 },
      { retryAt: 3_600_100, pausedUntil: 3_600_100 },
    ],
    ['and no nonsense', { permanent: false, retryAfterMs: Number.NaN }, { retryAt: 100 + first }],
    ['nor the past', { permanent: false, retryAfterMs: -5 }, { retryAt: 100 + first }],
  ])('%s', (_, refusal, expected) => {
    expect(retryOf({ reason: 'x', ...refusal }, failed, 100)).toEqual(expected);
  });

  it('never past the deadline', () => {
    expect(retryOf({ reason: 'x', permanent: false }, failed, day - 10)).toEqual({ retryAt: day });
  });
});
