import { describe, expect, test } from 'vitest';
import { becomes, fires, given, is, judged, recovers, relapses, resolves, route } from './specification.ts';

describe('a group', () => {
  test('is told once its first alert has waited for others', () => {
    const story = given().at(0, fires('a')).at(20, fires('b')).until(1_000);
    expect(story.lines).toEqual(['30 chat fired: a warning, b warning']);
  });

  test('is told at most once per interval of what has changed, each time as a whole', () => {
    const story = given()
      .at(0, fires('a'))
      .at(40, fires('b'))
      .at(100, resolves('a'))
      .at(331, fires('c'))
      .until(700);
    expect(story.lines).toEqual([
      '30 chat fired: a warning',
      '330 chat fired: b warning, a resolved',
      '630 chat fired: b warning, c warning',
    ]);
  });

  test('that has long been told waits for no more than others of its own time', () => {
    const story = given().at(0, fires('a')).at(1_000, fires('b')).at(1_010, fires('c')).until(1_200);
    expect(story.lines).toEqual([
      '30 chat fired: a warning',
      '1030 chat fired: a warning, b warning, c warning',
    ]);
  });

  test('is told again when nothing has changed for the repeat interval, as long as something fires', () => {
    const story = given({ route: { repeatIntervalMs: 3_600_000 } })
      .at(0, fires('a'))
      .at(8_000, resolves('a'));
    expect(story.until(100_000).lines).toEqual([
      '30 chat fired: a warning',
      '3630 chat repeated: a warning',
      '7230 chat repeated: a warning',
      '8030 chat resolved: a resolved',
    ]);
  });

  test('has a critical alert told at once within the interval, but not a lesser one', () => {
    const story = given()
      .at(0, fires('a'))
      .at(40, fires('b'))
      .at(50, fires('c', { severity: 'critical' }))
      .until(400);
    expect(story.lines).toEqual([
      '30 chat fired: a warning',
      '80 chat fired: c critical, a warning, b warning',
    ]);
  });

  test('has a rise to critical told at once within the interval, and its fall not', () => {
    const story = given().at(0, fires('a')).at(40, becomes('a', 'critical')).at(90, becomes('a', 'warning'));
    expect(story.until(1_000).lines).toEqual([
      '30 chat fired: a warning',
      '70 chat changed: a critical',
      '370 chat changed: a warning',
    ]);
  });

  test('begins anew once all of it has ended', () => {
    const story = given().at(0, fires('a')).at(310, resolves('a')).at(350, fires('b')).until(1_000);
    expect(story.lines).toEqual([
      '30 chat fired: a warning',
      '340 chat resolved: a resolved',
      '380 chat fired: b warning',
    ]);
  });

  test('is one per project, route and values of its labels', () => {
    const story = given({ route: { groupBy: ['service'] } }).at(
      0,
      fires('a', { labels: { service: 'bot' } }),
      fires('b', { labels: { service: 'bot' } }),
      fires('c', { labels: { service: 'web' } }),
      fires('d', { labels: { service: 'web' }, project: 'other' }),
      fires('e'),
    );
    expect(story.until(30).lines.sort()).toEqual([
      '30 chat fired: a warning, b warning',
      '30 chat fired: c warning',
      '30 chat fired: d warning',
      '30 chat fired: e warning',
    ]);
    expect(story.requests.map(({ data }) => data.groupLabels)).toContainEqual({ service: 'bot' });
    expect(story.requests.map(({ data }) => data.groupLabels)).toContainEqual({});
    expect(new Set(story.requests.map(({ data }) => data.group)).size).toBe(4);
  });

  test('names what is critical first and then what is oldest, a hundred at most, and counts and knows the rest', () => {
    const story = given();
    for (let n = 0; n < 150; n++) story.at(n / 10, fires(`a${n}`));
    story.at(20, fires('worst', { severity: 'critical' })).until(30);
    const [{ data } = { data: undefined }] = story.requests;
    expect(data?.alerts.map(({ episode }) => episode)).toEqual([
      'worst',
      ...Array.from({ length: 99 }, (_, n) => `a${n}`),
    ]);
    expect(data?.more).toBe(51);
    expect(data?.severity).toBe('critical');
    expect(story.until(2_000).lines).toHaveLength(1);
    story.at(2_000, resolves('a120'));
    expect(story.until(2_100).requests.at(-1)?.data).toMatchObject({ reason: 'resolved', more: 51 });
  });

  test('counts nobody among the rest who came after it was planned', () => {
    const story = given();
    for (let n = 0; n < 101; n++) story.at(0, fires(`a${n}`));
    story.stop().until(30);
    const planned = story.planner.due(30_000);
    story.at(31, fires('late'));
    for (const one of planned) {
      const at = { occurredAt: 30_000, recordedAt: 31_000 };
      const base = { ...story.log[0], id: one.id, ...at, ...one.event } as (typeof story.log)[number];
      story.planner.observe(base);
    }
    story.start().until(1_000);
    expect(story.requests).toHaveLength(1);
    expect(story.requests[0]?.data).toMatchObject({ reason: 'fired', more: 2 });
    expect(story.requests[0]?.at).toBe(331);
  });
});

describe('an alert', () => {
  test('goes to the first route that takes it, by its labels, those of its rule, and what it is', () => {
    const routes = [
      route({ name: 'pay', match: [is('team', 'pay')], channels: ['a'] }),
      route({ name: 'worst', match: [is('severity', 'critical'), is('project', 'shop')], channels: ['b'] }),
      route({ name: 'named', match: [is('rule', 'disk'), is('disk', 'sda')], channels: ['c'] }),
    ];
    const story = given({ routes, channels: ['a', 'b', 'c'] }).at(
      0,
      fires('x', { ruleLabels: { team: 'pay' }, severity: 'critical' }),
      fires('y', { severity: 'critical' }),
      fires('disk', { labels: { disk: 'sda' } }),
      fires('nobody'),
    );
    expect(story.until(9_999).lines).toEqual([
      '30 a fired: x critical',
      '30 b fired: y critical',
      '30 c fired: disk warning',
    ]);
  });

  test.each([
    ['of its route', ['sms', 'chat'], ['30 chat fired: a warning', '30 sms fired: a warning']],
    [
      'there is when the route names none',
      [],
      ['30 chat fired: a warning', '30 mail fired: a warning', '30 sms fired: a warning'],
    ],
    ['that there is', ['chat', 'pigeon'], ['30 chat fired: a warning']],
  ])('is told on each channel %s', (_, channels, lines) => {
    const story = given({ route: { channels }, channels: ['chat', 'sms', 'mail'] })
      .at(0, fires('a'))
      .until(100);
    expect(story.lines.sort()).toEqual(lines);
  });

  test('that fired and resolved before anything was sent is never sent', () => {
    expect(given().at(0, fires('a')).at(29, resolves('a')).until(99_999).lines).toEqual([]);
  });

  test('that has resolved is told only where it was told that it fires', () => {
    const story = given({ route: { channels: [] } })
      .at(0, fires('a'))
      .until(100)
      .stop();
    story.withPolicy({ route: { channels: [] }, channels: ['chat', 'late'] });
    story.at(100, resolves('a')).start().until(9_999);
    expect(story.lines).toEqual(['30 chat fired: a warning', '330 chat resolved: a resolved']);
  });

  test('that recovers still fires', () => {
    const story = given({ route: { repeatIntervalMs: 1_000_000 } })
      .at(0, fires('a'), recovers('a'))
      .until(60);
    story.at(60, relapses('a')).at(70, recovers('a')).until(1_100);
    expect(story.lines).toEqual(['30 chat fired: a recovering', '1030 chat repeated: a recovering']);
  });

  test('of history that is over when first seen is not told, and one that still fires is', () => {
    const week = 604_800;
    const story = given({ route: { groupWaitMs: 0 } }).until(week);
    story
      .at(week, fires('a', { at: 10 }), resolves('a', { at: 20 }), fires('b', { at: 30 }))
      .until(week + 1_000);
    expect(story.lines).toEqual([`${week} chat fired: b warning`]);
  });

  test('without a route is told nobody', () => {
    expect(given({ routes: [] }).at(0, fires('a')).until(99_999).lines).toEqual([]);
  });

  test('that is quiet, or judged no news, is withheld once, and told when the judgement is taken back', () => {
    const story = given().at(0, fires('a', { quiet: true }), fires('b'), fires('c'), judged('b', 'noise'));
    story.at(10, judged('c', 'duplicate')).until(50_000);
    expect(story.lines.sort()).toEqual([
      '30 withheld a quiet',
      '30 withheld b quiet by noise',
      '30 withheld c quiet by duplicate',
    ]);
    story.at(50_000, judged('b', 'real'));
    expect(story.until(50_100).lines).toEqual(['50000 chat fired: b warning']);
    story.at(50_100, judged('b', 'noise'), resolves('b'), resolves('a')).until(60_000);
    expect(story.told).toEqual([]);
  });
});

describe('after the process was down', () => {
  test('what changed is told once, and what did not is not told again', () => {
    const story = given().at(0, fires('a'), fires('b'), fires('c')).until(100);
    expect(story.lines).toHaveLength(1);
    story
      .stop()
      .at(200, resolves('a'), fires('d'), becomes('c', 'critical'))
      .at(300, fires('gone'))
      .at(400, resolves('gone'));
    story.until(2_000).reload().start().until(9_000);
    expect(story.lines).toEqual(['2000 chat fired: c critical, b warning, d warning, a resolved']);
  });
});

describe('a change of policy', () => {
  test('tells what fires on the new channel, and not again on the old one', () => {
    const story = given({ channels: ['chat', 'sms'] })
      .at(0, fires('a'))
      .until(500);
    story
      .withPolicy({ route: { name: 'other', channels: [] } })
      .at(700, resolves('a'))
      .until(2_000);
    expect(story.lines).toEqual([
      '30 chat fired: a warning',
      '500 sms fired: a warning',
      '730 chat resolved: a resolved',
      '800 sms resolved: a resolved',
    ]);
  });
});

test('a resolution that has not arrived is told again with what comes next', () => {
  const story = given({ delivers: {} })
    .at(0, fires('a'), fires('b'))
    .at(40, resolves('a'))
    .at(400, fires('c'))
    .until(700);
  expect(story.lines).toEqual([
    '30 chat fired: a warning, b warning',
    '330 chat resolved: b warning, a resolved',
    '630 chat fired: b warning, c warning, a resolved',
  ]);
});
