import { describe, expect, test } from 'vitest';
import { acknowledged, becomes, fires, given, is, recovers, resolves, silenced } from './specification.ts';

const escalate = [
  { afterMs: 600_000, channels: ['boss'] },
  { afterMs: 1_800_000, channels: ['boss', 'ceo'] },
];
const channels = ['chat', 'boss', 'ceo'];
const steps = { route: { escalate }, channels, delivers: { chat: 5, boss: 0, ceo: 0 } };

describe('an alert that nobody acknowledges', () => {
  test('is escalated step by step, each once, counted from the first delivery', () => {
    const story = given(steps).at(0, fires('a')).at(10_000, resolves('a')).until(99_999);
    expect(story.told).toEqual([
      '30 chat fired: a warning',
      '635 boss escalated: a warning',
      '1835 boss escalated: a warning',
      '1835 ceo escalated: a warning',
      '10030 boss resolved: a resolved',
      '10030 ceo resolved: a resolved',
      '10030 chat resolved: a resolved',
    ]);
  });

  test('is escalated from the request on when nothing was delivered', () => {
    const story = given({ ...steps, delivers: {} })
      .at(0, fires('a'))
      .until(700);
    expect(story.told).toEqual(['30 chat fired: a warning', '630 boss escalated: a warning']);
  });

  test('is escalated while it recovers, as one of several', () => {
    const story = given(steps).at(0, fires('a'), fires('b'), recovers('a')).at(100, fires('c')).until(700);
    expect(story.told.at(-1)).toBe('635 boss escalated: a recovering, b warning');
  });
});

test.each([
  ['acknowledged', [acknowledged('a')], '635 withheld a acknowledged'],
  ['over', [resolves('a')], '330 chat resolved: a resolved'],
  ['silenced', [silenced('s', 0, 9_000, is('rule', 'a'))], '635 withheld a silenced by s'],
])('what is %s is not escalated', (_, facts, line) => {
  const story = given(steps)
    .at(0, fires('a'))
    .at(100, ...facts)
    .until(8_000);
  expect(story.lines).toEqual(['30 chat fired: a warning', line]);
});

test('what gets worse after the acknowledgement is escalated anew, its time counted from then', () => {
  const story = given(steps)
    .at(0, fires('a'))
    .at(100, acknowledged('a'))
    .at(2_000, becomes('a', 'critical'))
    .until(3_000);
  expect(story.told).toEqual([
    '30 chat fired: a warning',
    '2030 chat changed: a critical',
    '2600 boss escalated: a critical',
  ]);
});

test('steps that came due while the process was down are made up for, each once', () => {
  const story = given(steps).at(0, fires('a')).until(100).stop().until(9_000).reload().start().until(14_000);
  expect(story.told).toEqual([
    '30 chat fired: a warning',
    '9000 boss escalated: a warning',
    '9000 ceo escalated: a warning',
    '9000 boss escalated: a warning',
  ]);
});
