import { describe, expect, test } from 'vitest';
import type { MuteTime } from '../../../../src/domain/alerts/rule.ts';
import {
  acknowledged,
  becomes,
  fires,
  given,
  is,
  judged,
  recovers,
  resolves,
  route,
  silenced,
  unsilenced,
} from './specification.ts';

const rule = (name: string) => is('rule', name);

describe('a silence', () => {
  test('withholds what it matches, once for each alert, and tells it when its time is over', () => {
    const story = given()
      .at(0, silenced('s', 0, 500, rule('a')), fires('a'), fires('b'))
      .until(2_000);
    expect(story.lines).toEqual([
      '30 chat fired: b warning',
      '30 withheld a silenced by s',
      '500 chat fired: a warning, b warning',
    ]);
  });

  test('begins and ends by itself', () => {
    const story = given()
      .at(0, silenced('s', 100, 900, rule('a')), fires('b'))
      .at(90, fires('a'))
      .until(2_000);
    expect(story.lines).toEqual([
      '30 chat fired: b warning',
      '120 withheld a silenced by s',
      '900 chat fired: b warning, a warning',
    ]);
  });

  test('that a person ends lets go at once', () => {
    const story = given()
      .at(0, silenced('s', 0, 9_000, rule('a')), fires('a'))
      .at(100, unsilenced('s'))
      .until(20_000);
    expect(story.lines.slice(0, 2)).toEqual(['30 withheld a silenced by s', '100 chat fired: a warning']);
    expect(story.planner.silences(200_000)).toMatchObject([
      { silence: 's', state: 'expired', endedAt: 100_000 },
    ]);
  });

  test('that is ended before it began never begins', () => {
    const story = given()
      .at(0, silenced('s', 20, 9_000, rule('a')), unsilenced('s'), fires('a'))
      .until(100);
    expect(story.lines).toEqual(['30 chat fired: a warning']);
  });

  test('holds back repeats and changes, but not that a told alert is over', () => {
    const story = given({ route: { repeatIntervalMs: 600_000 } })
      .at(0, fires('a'))
      .at(100, silenced('s', 100, 5_000, rule('a')));
    story.at(200, becomes('a', 'critical')).at(2_000, resolves('a')).until(9_000);
    expect(story.told).toEqual(['30 chat fired: a warning', '2030 chat resolved: a resolved']);
  });

  test('under which an untold alert resolves leaves nothing to tell', () => {
    const story = given()
      .at(0, silenced('s', 0, 500, rule('a')), fires('a'))
      .at(100, resolves('a'))
      .until(9_000);
    expect(story.told).toEqual([]);
  });

  test('holds for alerts of its own project, and one for all projects for all', () => {
    const story = given()
      .at(0, silenced('s', 0, 500, is('service', '')), fires('a', { project: 'other' }))
      .until(100);
    expect(story.told).toEqual(['30 chat fired: a warning']);
    const all = given()
      .at(0, { ...silenced('s', 0, 500, is('service', '')), project: '*' }, fires('a'))
      .until(100);
    expect(all.told).toEqual([]);
  });
});

describe('an inhibition', () => {
  const inhibit = [
    {
      name: 'worse',
      source: [is('severity', 'critical')],
      target: [is('severity', 'warning')],
      equal: ['service'],
    },
    { name: 'database', source: [is('rule', 'db')], target: [is('tier', 'app')], equal: [] },
  ];
  const bot = { labels: { service: 'bot' } };
  const app = { ruleLabels: { tier: 'app' } };

  test('holds back what is equal while its source fires, and tells it when that ends', () => {
    const story = given({ inhibit })
      .at(0, fires('a', bot), fires('b', { ...bot, severity: 'critical' }), fires('c'))
      .until(500);
    expect(story.lines).toEqual(['30 chat fired: b critical, c warning', '30 withheld a inhibited by worse']);
    story.at(500, recovers('b')).at(600, resolves('b')).until(5_000);
    expect(story.lines).toEqual(['630 chat fired: a warning, c warning, b resolved']);
  });

  test('gives what follows from a fault groupWait to end after it', () => {
    const story = given({ inhibit })
      .at(0, fires('db'), fires('a', app))
      .at(1_000, resolves('db'))
      .at(1_020, resolves('a'));
    expect(story.until(5_000).told).toEqual(['30 chat fired: db warning', '1030 chat resolved: db resolved']);
  });

  test('holds when one of several sources has ended', () => {
    const story = given({ inhibit }).at(
      0,
      fires('db'),
      fires('db#2', { rule: 'db', labels: { n: '2' } }),
      fires('a', app),
    );
    story.at(100, resolves('db#2')).until(3_000).lines;
    expect(story.planner.episodes(3_000_000)[2]).toMatchObject({
      episode: 'a',
      inhibitedBy: { name: 'database', episode: 'db' },
    });
    expect(story.at(3_000, resolves('db')).until(4_000).told).toEqual([
      '3030 chat fired: a warning, db resolved',
    ]);
  });

  test.each([
    ['itself', [fires('db', app)], ['30 chat fired: db warning']],
    [
      'by one that like itself fits both sides',
      [fires('db', app), fires('d2', { ...app, rule: 'db', labels: { n: '2' } })],
      ['30 chat fired: d2 warning, db warning'],
    ],
    [
      'of another project',
      [fires('db', { project: 'other' }), fires('a', app)],
      ['30 chat fired: a warning', '30 chat fired: db warning'],
    ],
    [
      'by noise',
      [fires('db'), judged('db', 'noise'), fires('a', app)],
      ['30 chat fired: a warning', '30 withheld db quiet by noise'],
    ],
  ])('never holds back an alert %s', (_, facts, lines) => {
    expect(
      given({ inhibit })
        .at(0, ...facts)
        .until(100)
        .lines.sort(),
    ).toEqual(lines);
  });

  test('of one that fits both sides holds by one that only is a source', () => {
    const story = given({ inhibit })
      .at(0, fires('db', app), fires('d2', { rule: 'db', labels: { n: '2' } }))
      .until(100);
    expect(story.lines).toEqual(['30 chat fired: d2 warning', '30 withheld db inhibited by database']);
  });
});

describe('a mute time', () => {
  const hour = 3_600;
  const night: MuteTime = { name: 'night', timeZone: 'UTC', weekdays: [], from: 22 * 60, to: 6 * 60 };
  const muted = { mute: [night], route: { mute: ['night'] } };

  test('holds everything back, and afterwards what fires untold and what ended told is told', () => {
    const story = given(muted)
      .at(21 * hour, fires('a'), fires('b'))
      .at(22 * hour, resolves('a'), fires('c'));
    story
      .at(23 * hour, fires('gone'), fires('worst', { severity: 'critical' }))
      .at(24 * hour, resolves('gone'))
      .until(31 * hour);
    const [first, ...rest] = story.told;
    expect(first).toBe(`${21 * hour + 30} chat fired: a warning, b warning`);
    expect(rest).toEqual([`${30 * hour} chat fired: worst critical, b warning, c warning, a resolved`]);
  });

  test('is recorded once for each alert that would have been told', () => {
    const story = given(muted)
      .at(22 * hour, fires('c'))
      .until(29 * hour);
    expect(story.lines).toEqual([`${22 * hour + 30} withheld c muted by night`]);
  });

  test('holds back only the routes that name it', () => {
    const routes = [route({ name: 'x', match: [is('rule', 'x')] }), route({ mute: ['night'] })];
    const story = given({ mute: [night], routes })
      .at(22 * hour, fires('x'), fires('y'))
      .until(23 * hour);
    expect(story.told).toEqual([`${22 * hour + 30} chat fired: x warning`]);
  });
});

describe('an acknowledgement', () => {
  const repeated = { route: { repeatIntervalMs: 1_000_000 } };

  test('ends repeats, and the end is told', () => {
    const story = given(repeated)
      .at(0, fires('a'))
      .at(100, acknowledged('a'))
      .at(5_000, resolves('a'))
      .until(9_000);
    expect(story.lines).toEqual([
      '30 chat fired: a warning',
      '1030 withheld a acknowledged',
      '5030 chat resolved: a resolved',
    ]);
  });

  test('keeps nobody from being told of others, with it among them', () => {
    const story = given(repeated).at(0, fires('a')).at(100, acknowledged('a')).at(500, fires('b')).until(600);
    expect(story.lines).toEqual(['30 chat fired: a warning', '530 chat fired: a warning, b warning']);
  });

  test('does not cover what becomes worse after it, nor the next episode', () => {
    const story = given(repeated)
      .at(0, fires('a'))
      .at(100, acknowledged('a'))
      .at(500, becomes('a', 'critical'))
      .until(2_000);
    expect(story.lines).toEqual([
      '30 chat fired: a warning',
      '530 chat changed: a critical',
      '1530 chat repeated: a critical',
    ]);
    story
      .at(2_000, acknowledged('a'))
      .at(2_500, becomes('a', 'warning'))
      .at(3_000, resolves('a'))
      .at(4_000, fires('a#2'))
      .until(5_000);
    expect(story.told).toEqual(['3030 chat resolved: a resolved', '4030 chat fired: a#2 warning']);
  });

  test('before anybody was told leaves nothing to tell', () => {
    const story = given().at(0, fires('a')).at(10, acknowledged('a')).at(100, resolves('a')).until(1_000);
    expect(story.lines).toEqual(['30 withheld a acknowledged']);
  });
});

test('an alert shows what holds it back', () => {
  const inhibit = [{ name: 'i', source: [rule('b')], target: [rule('a')], equal: [] }];
  const mute = [{ name: 'always', timeZone: 'UTC', weekdays: [], from: 0, to: 0 }];
  const story = given({ inhibit, mute, route: { mute: ['always'] } });
  story.at(
    0,
    silenced('s', 0, 900, rule('a')),
    silenced('later', 50, 60, rule('a')),
    fires('a'),
    fires('b'),
    acknowledged('a'),
  );
  story.at(20, becomes('a', 'critical'), resolves('b')).until(40);
  expect(story.planner.episodes(40_000)).toMatchObject([
    {
      episode: 'a',
      silencedBy: 's',
      mutedBy: 'always',
      acknowledgedBy: 'ada',
      acknowledged: false,
      flapping: false,
      told: [],
    },
    { episode: 'b', state: 'resolved', resolvedAt: 20_000 },
  ]);
  expect(story.planner.silences(40_000).map(({ state }) => state)).toEqual(['active', 'pending']);
  expect(story.until(1_000).lines.at(-1)).toBe('900 withheld a muted by always');
  expect(story.planner.nextDue(1_000_000)).toBeUndefined();
});
