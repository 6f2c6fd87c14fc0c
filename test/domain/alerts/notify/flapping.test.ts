import { expect, test } from 'vitest';
import {
  acknowledged,
  becomes,
  fires,
  given,
  is,
  judged,
  resolves,
  type Story,
  silenced,
} from './specification.ts';

const flapping = { firings: 3, windowMs: 1_800_000 };
const quick = { flapping, route: { groupWaitMs: 0, groupIntervalMs: 10_000 } };

/** Fires at 0, 100 and 200; the third is one too many. */
function flaps(story: Story, severity: 'warning' | 'critical' = 'warning'): Story {
  story
    .at(0, fires('a', { severity }))
    .at(50, resolves('a'))
    .at(100, fires('a#2', { severity }))
    .at(150, resolves('a#2'));
  return story.at(200, fires('a#3', { severity }));
}

const before = [
  '0 chat fired: a warning',
  '50 chat resolved: a resolved',
  '100 chat fired: a#2 warning',
  '150 chat resolved: a#2 resolved',
];

test('an alert that flaps is told as such once, then no more until it has calmed down', () => {
  const story = flaps(given(quick)).at(250, resolves('a#3')).at(300, fires('a#4')).at(400, resolves('a#4'));
  story.at(500, fires('a#5')).until(9_000);
  expect(story.lines).toEqual([
    ...before,
    '200 chat flapping: a#3 warning',
    '250 withheld a#3 flapping',
    '300 withheld a#4 flapping',
    '500 withheld a#5 flapping',
    '2300 chat calmed: a#5 warning',
  ]);
});

test('one that has calmed down resolved is told so, and then fires like any other', () => {
  const story = flaps(given(quick)).at(250, resolves('a#3')).at(3_000, fires('a#4')).until(5_000);
  expect(story.told).toEqual([
    ...before,
    '200 chat flapping: a#3 warning',
    '2050 chat calmed: a#3 resolved',
    '3000 chat fired: a#4 warning',
  ]);
});

test('a rise to critical breaks through once', () => {
  const story = flaps(given(quick)).at(300, becomes('a#3', 'critical')).at(400, becomes('a#3', 'warning'));
  story
    .at(500, becomes('a#3', 'critical'))
    .at(600, resolves('a#3'))
    .at(700, fires('a#4', { severity: 'critical' }))
    .until(9_000);
  expect(story.told.slice(4)).toEqual([
    '200 chat flapping: a#3 warning',
    '300 chat changed: a#3 critical',
    '2500 chat calmed: a#4 critical',
  ]);
});

test('one that flaps at critical has nothing to break through with', () => {
  const story = flaps(given(quick), 'critical')
    .at(300, resolves('a#3'))
    .at(400, fires('a#4', { severity: 'critical' }));
  expect(story.until(1_000).told.slice(4)).toEqual(['200 chat flapping: a#3 critical']);
});

test('other labels are another alert', () => {
  const story = given(quick).at(
    0,
    fires('a'),
    fires('b', { rule: 'a', labels: { n: '1' } }),
    fires('c', { rule: 'a', labels: { n: '2' } }),
  );
  expect(story.until(100).told).toEqual(['0 chat fired: a warning, b warning, c warning']);
});

test('history that comes in at once does not flap', () => {
  const story = given(quick).until(100_000);
  for (const n of [1, 2, 3])
    story.at(100_000, fires(`a#${n}`, { at: n * 2_000 }), resolves(`a#${n}`, { at: n * 2_000 + 10 }));
  story.at(100_000, fires('a#4', { at: 20_000 })).until(101_000);
  expect(story.told).toEqual(['100000 chat fired: a#4 warning']);
});

test('what was silenced, quiet or noise all the while is not told as calmed either', () => {
  const story = given(quick).at(0, silenced('s', 0, 1_000, is('rule', 'a')));
  flaps(story).at(250, resolves('a#3')).until(9_000);
  expect(story.told).toEqual([]);
  const noise = flaps(given(quick)).at(210, judged('a#3', 'noise'), resolves('a#3')).until(9_000);
  expect(noise.told).toEqual([...before, '200 chat flapping: a#3 warning']);
});

test('several that flap in one group are told together, and again until it has arrived', () => {
  const route = { groupWaitMs: 30_000, groupIntervalMs: 60_000 };
  const story = given({ ...quick, route, delivers: {} });
  for (const name of ['a', 'b', 'c']) {
    const start = name === 'c' ? 70 : 0;
    story.at(start, fires(name)).at(start, resolves(name), fires(`${name}#2`), resolves(`${name}#2`));
    story.at(start, fires(`${name}#3`));
  }
  story.at(90, resolves('a#3')).until(300);
  expect(story.told).toEqual([
    '30 chat flapping: a#3 warning, b#3 warning',
    '100 chat flapping: b#3 warning, c#3 warning, a#3 resolved',
  ]);
});

test('what flaps so fast that it never was told is told when it next fires', () => {
  const story = given({ flapping });
  for (const n of [0, 1, 2]) story.at(n * 100, fires(`a#${n}`)).at(n * 100 + 5, resolves(`a#${n}`));
  story.at(300, fires('a#3')).until(400);
  expect(story.told).toEqual(['300 chat flapping: a#3 warning']);
});

test('what was told before it began to flap is told as over when it is', () => {
  const story = given({ flapping })
    .at(0, fires('a'))
    .at(40, resolves('a'), fires('a#2'))
    .at(45, resolves('a#2'));
  story.at(60, fires('a#3')).at(65, resolves('a#3')).until(9_000);
  expect(story.told).toEqual(['30 chat fired: a warning', '330 chat resolved: a resolved']);
});

test('that it has calmed down is told of an acknowledged alert too, but not in a mute time', () => {
  const mute = [{ name: 'm', timeZone: 'UTC', weekdays: [], from: 20, to: 60 }];
  const story = flaps(given({ ...quick, mute, route: { ...quick.route, mute: ['m'] } })).at(
    300,
    acknowledged('a#3'),
  );
  expect(story.until(9_000).told.slice(4)).toEqual([
    '200 chat flapping: a#3 warning',
    '3600 chat calmed: a#3 warning',
  ]);
});
