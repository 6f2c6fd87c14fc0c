import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PlannedNotification } from '../../../../src/domain/alerts/notify/plan.ts';
import { Planner } from '../../../../src/domain/alerts/notify/planner.ts';
import {
  acknowledged,
  becomes,
  type Fact,
  fires,
  type Given,
  given,
  is,
  policy,
  recovers,
  resolves,
  type Story,
  second,
  silenced,
  unsilenced,
} from './specification.ts';

const severities = ['info', 'warning', 'critical'] as const;
const rules = ['a', 'b', 'c', 'd'];
const waitAndInterval = 330;

/** One thing that happens, so many seconds after the one before; what it means depends on what fires by then. */
interface Happening {
  after: number;
  kind: 'turn' | 'severity' | 'recover' | 'acknowledge' | 'silence' | 'unsilence';
  rule: string;
  severity: (typeof severities)[number];
}

const happening = (kinds: Happening['kind'][]): fc.Arbitrary<Happening> =>
  fc.record({
    after: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 700 }), fc.constant(5_000)),
    kind: fc.constantFrom(...kinds),
    rule: fc.constantFrom(...rules),
    severity: fc.constantFrom(...severities),
  });

const plain = fc.array(happening(['turn', 'turn', 'severity', 'recover']), { maxLength: 30 });
const anything = fc.array(
  happening(['turn', 'turn', 'severity', 'recover', 'acknowledge', 'silence', 'unsilence']),
  { maxLength: 30 },
);

const isSent = ({ event }: PlannedNotification): boolean => event.type === 'NotificationRequested';

/** Rules are turned on and off in turn, each time as a new episode. */
class Happenings {
  readonly open = new Map<string, string>();
  #count = 0;

  factOf({ kind, rule, severity }: Happening, now: number): Fact | undefined {
    const episode = this.open.get(rule);
    if (kind === 'silence') return silenced(`s${++this.#count}`, now, now + 1_000, is('rule', rule));
    if (kind === 'unsilence') return unsilenced(`s${this.#count}`);
    if (kind !== 'turn') return episode === undefined ? undefined : this.#changed(kind, episode, severity);
    if (episode !== undefined) {
      this.open.delete(rule);
      return resolves(episode);
    }
    const fresh = `${rule}#${++this.#count}`;
    this.open.set(rule, fresh);
    return fires(fresh, { severity, labels: { service: rule < 'c' ? 'x' : 'y' } });
  }

  #changed(kind: Happening['kind'], episode: string, severity: (typeof severities)[number]): Fact {
    if (kind === 'severity') return becomes(episode, severity);
    return kind === 'recover' ? recovers(episode) : acknowledged(episode);
  }
}

function run(
  story: Story,
  happenings: readonly Happening[],
  each: (story: Story) => void = () => {},
): Happenings {
  const all = new Happenings();
  for (const one of happenings) {
    story.until(story.now + one.after);
    each(story);
    const fact = all.factOf(one, story.now);
    if (fact !== undefined) story.at(story.now, fact);
    each(story);
  }
  return all;
}

const everything: Given = {
  channels: ['chat', 'sms', 'boss'],
  delivers: { chat: 3, boss: 1 },
  route: {
    channels: ['chat', 'sms'],
    groupBy: ['service'],
    repeatIntervalMs: 2_000 * second,
    mute: ['noon'],
    escalate: [{ afterMs: 900 * second, channels: ['boss'] }],
  },
  mute: [{ name: 'noon', timeZone: 'Europe/Berlin', weekdays: [], from: 120, to: 150 }],
  inhibit: [{ name: 'a before b', source: [is('rule', 'a')], target: [is('rule', 'b')], equal: ['service'] }],
  flapping: { firings: 3, windowMs: 1_500 * second },
};

describe('whatever happens', () => {
  test('a channel is told the same twice within the interval only of what is critical', () => {
    fc.assert(
      fc.property(anything, (happenings) => {
        const story = given({ route: { groupBy: ['service'] } });
        run(story, happenings);
        const seen = new Map<string, number>();
        for (const { at, data } of story.requests) {
          const content = JSON.stringify([
            data.channel,
            data.group,
            data.alerts.map(({ title: _, ...one }) => one),
          ]);
          const before = seen.get(content);
          seen.set(content, at);
          if (data.severity !== 'critical') expect(at - (before ?? -1_000)).toBeGreaterThanOrEqual(300);
        }
      }),
    );
  });

  test('what fires and is not held back is told within groupWait and groupInterval', () => {
    fc.assert(
      fc.property(plain, (happenings) => {
        const story = given({ route: { groupBy: ['service'] } });
        run(story, happenings);
        story.until(story.now + waitAndInterval);
        const resolved = new Map<string, number>();
        for (const { type, data, recordedAt } of story.log) {
          if (type === 'AlertResolved') resolved.set(data.episode, recordedAt / second);
        }
        for (const { type, data, recordedAt } of story.log) {
          if (type !== 'AlertFired') continue;
          const by = recordedAt / second + waitAndInterval;
          if ((resolved.get(data.episode) ?? Number.POSITIVE_INFINITY) <= by) continue;
          const told = story.requests.find(({ data: { alerts } }) =>
            alerts.some(({ episode }) => episode === data.episode),
          );
          expect(told?.at ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(by);
        }
      }),
    );
  });

  test('in the end everybody knows what fires, unless it is held back, and what has ended', () => {
    fc.assert(
      fc.property(anything, (happenings) => {
        const story = given(everything);
        const { open } = run(story, happenings);
        story.until(story.now + 10_000);
        const standing = new Map(story.planner.episodes(story.now * second).map((one) => [one.episode, one]));
        for (const episode of open.values()) {
          const { told, acknowledged: covered, inhibitedBy } = standing.get(episode) ?? {};
          if (!covered && inhibitedBy === undefined)
            expect(told).toEqual(expect.arrayContaining(['chat', 'sms']));
        }
        for (const rule of rules)
          story.at(story.now, ...[open.get(rule)].flatMap((one) => one ?? []).map((one) => resolves(one)));
        story.until(story.now + 10_000);
        const known = new Map<string, string>();
        for (const { data } of story.requests) {
          for (const { rule, state } of data.alerts) known.set(`${data.channel} ${rule}`, state);
        }
        for (const [who, state] of known) expect([who, state]).toEqual([who, 'resolved']);
      }),
    );
  });

  test('it is asked for in time, the same each time, and saving and loading change nothing', () => {
    fc.assert(
      fc.property(anything, fc.array(fc.boolean(), { minLength: 5 }), (happenings, reloads) => {
        const straight = given(everything);
        run(straight, happenings);
        const interrupted = given(everything);
        let turn = 0;
        run(interrupted, happenings, (story) => {
          // What is due when it was not said to be would show here.
          const missed = story.planner.due(story.now * second).filter(isSent);
          expect(missed).toEqual([]);
          if (reloads[turn++ % reloads.length]) story.reload();
          const soon = story.planner.nextDue(story.now * second) ?? 0;
          expect(story.planner.due(soon)).toEqual(story.planner.due(soon));
        });
        expect(interrupted.lines).toEqual(straight.lines);
        expect(interrupted.planner.save()).toEqual(straight.planner.save());
      }),
    );
  });

  test('the log alone leads to the same state', () => {
    fc.assert(
      fc.property(anything, (happenings) => {
        const story = given(everything);
        run(story, happenings);
        const again = given(everything);
        for (const event of story.log) again.planner.observe(event);
        expect(again.planner.save()).toEqual(story.planner.save());
      }),
    );
  });

  test('what is recorded only after more has happened is told once', () => {
    fc.assert(
      fc.property(plain, fc.integer({ min: 1, max: 3 }), (happenings, lag) => {
        const story = given().stop();
        const flying = new Map<string, { due: number; planned: PlannedNotification }>();
        const all = new Happenings();
        const ids: string[] = [];
        happenings.forEach((one, turn) => {
          story.until(story.now + one.after);
          for (const planned of story.planner.due(story.now * second)) {
            if (!flying.has(planned.id)) flying.set(planned.id, { due: turn + lag, planned });
          }
          const fact = all.factOf(one, story.now);
          if (fact !== undefined) story.at(story.now, fact);
          for (const [id, { due, planned }] of flying) {
            if (due !== turn) continue;
            ids.push(id);
            story.record(planned);
          }
        });
        expect(new Set(ids).size).toBe(ids.length);
        const firsts = story.requests
          .filter(({ data }) => data.reason === 'fired')
          .map(({ data }) => data.alerts);
        const told = new Set<string>();
        for (const alerts of firsts) {
          expect(alerts.some(({ episode }) => !told.has(episode))).toBe(true);
          for (const { episode } of alerts) told.add(episode);
        }
      }),
    );
  });
});

describe('a crash', () => {
  test('between planning and recording loses nothing: the same is planned under the same id', () => {
    const story = given().at(0, fires('a')).stop().until(30);
    const [before] = story.planner.due(30_000);
    const [after] = story.at(31, fires('b')).reload().planner.due(31_000);
    expect(after?.id).toBe(before?.id);
    expect(after?.stream).toBe(before?.stream);
  });

  test('between recording and seeing it tells nothing twice, and what the recorded one did not tell is told next', () => {
    const story = given().at(0, fires('a')).stop().until(30);
    const [recorded] = story.planner.due(30_000);
    story.at(31, fires('b'));
    if (recorded !== undefined) story.record(recorded);
    story.start().until(1_000);
    expect(story.lines).toEqual(['31 chat fired: a warning', '331 chat fired: a warning, b warning']);
  });
});

describe('memory', () => {
  const day = 86_400;

  test('keeps a day of what is over and told, and nothing else', () => {
    const story = given({ route: { groupBy: ['n'] } });
    for (let n = 0; n < 200; n++) {
      const at = n * 3_600;
      story.at(
        at,
        fires(`a${n}`, { rule: 'a', labels: { n: String(n) } }),
        silenced(`s${n}`, at, at + 9, is('rule', 'x')),
      );
      story.at(at + 600, resolves(`a${n}`, { rule: 'a', labels: { n: String(n) } }));
    }
    const { episodes, series, silences } = story.until(200 * 3_600).planner.save();
    for (const kept of [episodes, series, silences]) expect(kept.length).toBeLessThan(30);
    expect(story.requests).toHaveLength(400);
  });

  test('keeps what fires, and what its channel still has to be told', () => {
    const always = { name: 'always', timeZone: 'UTC', weekdays: [], from: 0, to: 0 };
    const story = given()
      .at(0, fires('a'), fires('b'))
      .until(100)
      .withPolicy({ mute: [always], route: { mute: ['always'] } });
    story
      .at(100, resolves('a'))
      .at(5 * day, fires('x'))
      .until(6 * day);
    expect(story.planner.episodes(0).map(({ episode }) => episode)).toEqual(['a', 'b', 'x']);
    story.withPolicy({}).until(6 * day + 1_000);
    expect(story.told.at(-1)).toContain('a resolved');
    story.at(20 * day, fires('y'));
    expect(story.planner.episodes(0).map(({ episode }) => episode)).toEqual(['b', 'x', 'y']);
  });

  test('forgets the groups that were longest not told of, and never gives an id twice', () => {
    const story = given({ route: { groupBy: ['n'] } })
      .at(0, fires('a', { labels: { n: '1' } }))
      .until(40);
    const request = story.log.find(({ type }) => type === 'NotificationRequested');
    for (let n = 0; n < 10_050; n++) {
      if (request?.type !== 'NotificationRequested') break;
      const data = { ...request.data, notification: `n${n}`, group: `g${n}`, alerts: [] };
      story.planner.observe({ ...request, recordedAt: 3_600_000 * 2, data });
    }
    story
      .at(3 * 3_600, resolves('a'))
      .at(3 * 3_600 + 100, fires('b', { rule: 'a', labels: { n: '1' } }))
      .until(3 * 3_600 + 400);
    const { lanes, generation } = story.planner.save();
    expect(lanes.length).toBeLessThanOrEqual(10_051);
    expect(generation).toBeGreaterThan(0);
    const ids = story.log.filter(({ type }) => type === 'NotificationRequested').map(({ id }) => id);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('what another version has saved is not loaded', () => {
  expect(Planner.load({ version: 0 }, policy(), [])).toBeUndefined();
  expect(Planner.load(new Planner(policy(), []).save(), policy(), [])).toBeInstanceOf(Planner);
});
