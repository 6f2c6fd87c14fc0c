import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Alert,
  type Fact,
  initialAlert,
  isInactive,
  type Subject,
} from '../../../src/domain/alerts/alert.ts';
import { decideAlert, type Verdict } from '../../../src/domain/alerts/episode.ts';
import { evolveAlert, levelsAfter } from '../../../src/domain/alerts/evolve.ts';
import { episodeId } from '../../../src/domain/alerts/identity.ts';
import type { Rule } from '../../../src/domain/alerts/rule.ts';
import { rulesOf } from '../../support/alertEvents.ts';

const seconds = (value: number): number => value * 1_000;

function ruleOf(text: string): Rule {
  const [rule] = rulesOf(`rules: [{ name: r, title: t, measure: { metric: x }, ${text} }]`).rules;
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

const labels = { service: 'bot' };
const nothing: Verdict = { kind: 'no_data', reason: 'no_traffic' };

/** A number is what is evaluated, a gap is no data, a word is a person or a change of the rules. */
type Given = [at: number, what: number | undefined | 'person' | 'rule_changed' | 'rule_removed'];

function commandOf([at, what]: Given, alert: Alert) {
  switch (what) {
    case 'person':
      return { kind: 'resolve', at: seconds(at), by: 'ann', episode: alert.episode?.id ?? '' } as const;
    case 'rule_changed':
    case 'rule_removed':
      return { kind: 'retire', at: seconds(at), cause: what } as const;
    default: {
      const verdict: Verdict = what === undefined ? nothing : { kind: 'value', value: what };
      return { kind: 'evaluate', at: seconds(at), verdict } as const;
    }
  }
}

function lived(rule: Rule, given: readonly Given[]): { facts: Fact[]; alert: Alert } {
  const subject: Subject = { rule, project: 'p', labels };
  let alert = initialAlert(rule);
  const facts: Fact[] = [];
  for (const one of given) {
    const decided = decideAlert(commandOf(one, alert), alert, subject);
    facts.push(...decided.facts);
    alert = decided.alert;
  }
  return { facts, alert };
}

const wordsOf = (fact: Fact): string => {
  const { severity, from, cause, reason, activeSince } = fact as Partial<
    Record<'severity' | 'from' | 'cause' | 'reason', string>
  > & { activeSince?: number };
  const since = activeSince === undefined ? undefined : `since ${activeSince / 1_000}`;
  const words = [fact.at / 1_000, fact.type.replace('Alert', ''), severity, from && `from ${from}`];
  return [...words, cause ?? reason, since].filter((word) => word !== undefined).join(' ');
};

const every = (from: number, to: number, what: Given[1], step = 10): Given[] =>
  Array.from({ length: (to - from) / step + 1 }, (_, index) => [from + index * step, what]);

const twoLevels =
  'warning: { above: 10, recover: 5, for: 20s }, critical: { above: 50, recover: 30, for: 0s }';

const stories: [name: string, rule: string, given: Given[], told: string[]][] = [
  ['nothing is told of what is well', 'warning: { above: 10 }', every(0, 50, 10), []],
  ['without `for` it fires at once', 'warning: { above: 10 }', [[0, 11]], ['0 Fired warning since 0']],
  [
    '`for` is over when so much time has passed, and not before',
    'warning: { above: 10, for: 20s }',
    [
      [0, 11],
      [10, 11],
      [19, 11],
      [20, 11],
      [30, 11],
    ],
    ['0 Suspected warning', '20 Fired warning since 0'],
  ],
  [
    'one false evaluation ends what is pending, and it begins anew',
    'warning: { above: 10, for: 20s }',
    [
      [0, 11],
      [10, 10],
      [20, 11],
      [30, 11],
      [40, 11],
    ],
    ['0 Suspected warning', '10 Dismissed', '20 Suspected warning', '40 Fired warning since 20'],
  ],
  [
    'it keeps firing while less than `keepFiringFor` has passed',
    'warning: { above: 10 }, keepFiringFor: 20s',
    [
      [0, 11],
      [10, 9],
      [20, 9],
      [29, 9],
      [30, 9],
    ],
    ['0 Fired warning since 0', '10 RecoveryBegan', '30 Resolved recovered'],
  ],
  [
    'what relapses in time is the same alert, and has all of `keepFiringFor` again',
    'warning: { above: 10 }, keepFiringFor: 20s',
    [
      [0, 11],
      [10, 9],
      [29, 11],
      [30, 9],
      [49, 9],
      [50, 9],
    ],
    [
      '0 Fired warning since 0',
      '10 RecoveryBegan',
      '29 Relapsed',
      '30 RecoveryBegan',
      '50 Resolved recovered',
    ],
  ],
  [
    'it is left at the recovery level, at which it would not begin',
    'warning: { above: 10, recover: 5 }',
    [
      [0, 7],
      [10, 11],
      [20, 7],
      [30, 5.1],
      [40, 5],
      [50, 7],
    ],
    ['10 Fired warning since 10', '40 Resolved recovered'],
  ],
  [
    'it gets worse and better within one episode, each level with its own recovery',
    'warning: { above: 10, recover: 5 }, critical: { above: 50, recover: 30 }',
    [
      [0, 11],
      [10, 51],
      [20, 31],
      [30, 30],
      [40, 51],
      [50, 6],
      [60, 5],
    ],
    [
      '0 Fired warning since 0',
      '10 SeverityChanged critical from warning',
      '30 SeverityChanged warning from critical',
      '40 SeverityChanged critical from warning',
      '50 SeverityChanged warning from critical',
      '60 Resolved recovered',
    ],
  ],
  [
    'the milder level waits for its `for` while the worse one fires',
    twoLevels,
    [
      [0, 51],
      [10, 51],
      [20, 51],
      [30, 20],
      [40, 5],
    ],
    ['0 Fired critical since 0', '30 SeverityChanged warning from critical', '40 Resolved recovered'],
  ],
  [
    'a milder level that is still pending is an episode of its own',
    twoLevels,
    [
      [0, 51],
      [10, 20],
      [20, 20],
    ],
    ['0 Fired critical since 0', '10 Resolved recovered', '10 Suspected warning', '20 Fired warning since 0'],
  ],
  [
    'a milder level that is pending turns worse before its time',
    twoLevels,
    [
      [0, 11],
      [10, 51],
    ],
    ['0 Suspected warning', '10 Fired critical since 0'],
  ],
  [
    'the worse level is kept as long as it keeps firing, while the milder one holds',
    'warning: { above: 10 }, critical: { above: 50 }, keepFiringFor: 20s',
    [
      [0, 51],
      [10, 20],
      [29, 20],
      [30, 20],
      [40, 9],
      [60, 9],
    ],
    [
      '0 Fired critical since 0',
      '30 SeverityChanged warning from critical',
      '40 RecoveryBegan',
      '60 Resolved recovered',
    ],
  ],
  [
    'both levels recover together',
    'warning: { above: 10 }, critical: { above: 50 }, keepFiringFor: 20s',
    [
      [0, 51],
      [10, 9],
      [20, 20],
      [30, 20],
      [40, 9],
      [60, 9],
    ],
    [
      '0 Fired critical since 0',
      '10 RecoveryBegan',
      '20 Relapsed',
      '30 SeverityChanged warning from critical',
      '40 RecoveryBegan',
      '60 Resolved recovered',
    ],
  ],
  // Without data.
  [
    'without data nothing begins',
    'warning: { above: 10 }, window: 1m, every: 10s',
    every(0, 600, undefined),
    [],
  ],
  [
    'without data what is pending ends',
    'warning: { above: 10, for: 20s }',
    [
      [0, 11],
      [10, undefined],
      [20, 11],
      [30, 11],
      [40, 11],
    ],
    ['0 Suspected warning', '10 Dismissed', '20 Suspected warning', '40 Fired warning since 20'],
  ],
  [
    'without data what fires is kept; it is told after a window without any, and when there is some again',
    'warning: { above: 10 }, window: 1m, every: 10s',
    [[0, 11], ...every(10, 100, undefined), [110, 11], [120, undefined], [130, 9]],
    ['0 Fired warning since 0', '70 DataLost no_traffic', '110 DataReturned', '130 Resolved recovered'],
  ],
  [
    'a long window does not keep the loss of data from being told after ten minutes',
    'warning: { above: 10 }, window: 6h, every: 1m',
    [[0, 11], ...every(60, 720, undefined, 60)],
    ['0 Fired warning since 0', '660 DataLost no_traffic'],
  ],
  [
    'data that come and go are no loss',
    'warning: { above: 10 }, window: 1m, every: 10s',
    [[0, 11], ...every(10, 60, undefined), [70, 11], ...every(80, 130, undefined)],
    ['0 Fired warning since 0'],
  ],
  [
    'without data what recovers stays so, and its time goes on',
    'warning: { above: 10 }, keepFiringFor: 20s, window: 1h, every: 10s',
    [
      [0, 11],
      [10, 9],
      [20, undefined],
      [60, undefined],
      [70, 9],
    ],
    ['0 Fired warning since 0', '10 RecoveryBegan', '70 Resolved recovered'],
  ],
  [
    'after a day without data it is given up',
    'warning: { above: 10 }, window: 1h, every: 1h, keepFiringFor: 1h',
    [[0, 11], ...every(3_600, 93_600, undefined, 3_600)],
    ['0 Fired warning since 0', '7200 DataLost no_traffic', '90000 Resolved no_data'],
  ],
  [
    '`resolve` ends it with the data, after `keepFiringFor`',
    'warning: { above: 10 }, noData: resolve, keepFiringFor: 20s, window: 1h, every: 10s',
    [
      [0, 11],
      [10, undefined],
      [29, undefined],
      [30, undefined],
    ],
    ['0 Fired warning since 0', '10 RecoveryBegan', '30 Resolved no_data'],
  ],
  [
    '`resolve` ends at once without `keepFiringFor`, and what is pending too',
    'warning: { above: 10 }, critical: { above: 50, for: 20s }, noData: resolve',
    [
      [0, 51],
      [10, undefined],
    ],
    ['0 Fired warning since 0', '10 Resolved no_data'],
  ],
  [
    '`fire` takes no data for the mildest level, with its `for`',
    'warning: { above: 10, for: 20s }, critical: { above: 50 }, noData: fire, window: 1m, every: 10s',
    [...every(0, 60, undefined), [70, 9]],
    [
      '0 Suspected warning',
      '20 Fired warning since 0',
      '60 DataLost no_traffic',
      '70 DataReturned',
      '70 Resolved recovered',
    ],
  ],
  [
    '`fire` keeps what is worse, and makes what recovers relapse',
    'warning: { above: 10 }, critical: { above: 50 }, noData: fire, keepFiringFor: 1m, window: 1h, every: 10s',
    [
      [0, 51],
      [10, 9],
      [20, undefined],
      [30, undefined],
    ],
    ['0 Fired critical since 0', '10 RecoveryBegan', '20 Relapsed'],
  ],
  [
    '`fire` goes on from what was pending for its value',
    'warning: { above: 10, for: 20s }, noData: fire, window: 1h, every: 10s',
    [
      [0, 11],
      [10, undefined],
      [20, undefined],
    ],
    ['0 Suspected warning', '20 Fired warning since 0'],
  ],
  // People and rules.
  [
    'a person ends it; it stays down until the condition lets go',
    'warning: { above: 10 }, critical: { above: 50 }',
    [
      [0, 11],
      [10, 'person'],
      [20, 11],
      [30, 9],
      [40, 11],
    ],
    ['0 Fired warning since 0', '10 Resolved person', '40 Fired warning since 40'],
  ],
  [
    'what a person has ended comes back when it gets worse',
    'warning: { above: 10 }, critical: { above: 50 }',
    [
      [0, 11],
      [10, 'person'],
      [20, 51],
    ],
    ['0 Fired warning since 0', '10 Resolved person', '20 Fired critical since 0'],
  ],
  [
    'what a person has ended stays down as it gets milder and as bad as it was',
    'warning: { above: 10 }, critical: { above: 50 }',
    [
      [0, 51],
      [10, 'person'],
      [20, 11],
      [30, 51],
      [40, 9],
      [50, 51],
    ],
    ['0 Fired critical since 0', '10 Resolved person', '50 Fired critical since 50'],
  ],
  [
    'what a person has ended stays down without data, and while it would keep firing',
    'warning: { above: 10 }, keepFiringFor: 20s, window: 1h, every: 10s',
    [
      [0, 11],
      [10, 'person'],
      [20, undefined],
      [30, 9],
      [40, 11],
      [50, 9],
      [70, 9],
      [80, 11],
    ],
    ['0 Fired warning since 0', '10 Resolved person', '80 Fired warning since 80'],
  ],
  [
    'what recovers can be ended by a person too',
    'warning: { above: 10 }, keepFiringFor: 20s',
    [
      [0, 11],
      [10, 9],
      [15, 'person'],
      [20, 9],
      [30, 9],
      [40, 11],
    ],
    ['0 Fired warning since 0', '10 RecoveryBegan', '15 Resolved person', '40 Fired warning since 40'],
  ],
  [
    'nobody can end what is pending, or not there',
    'warning: { above: 10, for: 20s }',
    [
      [0, 9],
      [5, 'person'],
      [10, 11],
      [15, 'person'],
      [20, 11],
      [30, 11],
    ],
    ['10 Suspected warning', '30 Fired warning since 10'],
  ],
  [
    'the milder level that was still pending begins when the worse one that a person ended lets go',
    twoLevels,
    [
      [0, 51],
      [5, 'person'],
      [10, 20],
      [20, 20],
    ],
    ['0 Fired critical since 0', '5 Resolved person', '10 Suspected warning', '20 Fired warning since 0'],
  ],
  [
    'a rule that is changed ends what fires, and what is pending',
    'warning: { above: 10, for: 20s }',
    [
      [0, 11],
      [10, 'rule_changed'],
      [20, 11],
      [40, 11],
      [50, 'rule_removed'],
      [60, 'rule_removed'],
    ],
    [
      '0 Suspected warning',
      '10 Dismissed',
      '20 Suspected warning',
      '40 Fired warning since 20',
      '50 Resolved rule_removed',
    ],
  ],
];

describe('an alert', () => {
  test.each(stories)('%s', (_, text, given, told) => {
    const rule = ruleOf(text);
    const { facts, alert } = lived(rule, given);
    expect(facts.map(wordsOf)).toEqual(told);
    if (told.at(-1)?.includes('Resolved') && given.at(-1)?.[1] !== 'person')
      expect(isInactive(alert)).toBe(true);
  });

  test('is named for its beginning, and its steps are counted', () => {
    const rule = ruleOf(twoLevels);
    const { facts } = lived(rule, [
      [0, 51],
      [10, 20],
      [20, 20],
      [30, 5],
      [40, 51],
    ]);
    const first = episodeId('p', 'r', labels, 0);
    const second = episodeId('p', 'r', labels, seconds(10));
    expect(facts.map(({ episode, number }) => [episode, number])).toEqual([
      [first, 1],
      [first, 2],
      [second, 1],
      [second, 2],
      [second, 3],
      [episodeId('p', 'r', labels, seconds(40)), 1],
    ]);
  });

  test('takes the loss of its data for what it was: the reason is told', () => {
    const rule = ruleOf('warning: { above: 10 }, window: 10s, every: 10s');
    const subject = { rule, project: 'p', labels };
    const fired = decideAlert(commandOf([0, 11], initialAlert(rule)), initialAlert(rule), subject).alert;
    const silent = { kind: 'evaluate', verdict: { kind: 'no_data', reason: 'source_silent' } } as const;
    const waiting = decideAlert({ ...silent, at: seconds(10) }, fired, subject).alert;
    const { facts } = decideAlert({ ...silent, at: seconds(20) }, waiting, subject);
    expect(facts.map(wordsOf)).toEqual(['20 DataLost source_silent']);
  });

  test('is not ended by the id of another episode', () => {
    const rule = ruleOf('warning: { above: 10 }');
    const { alert } = lived(rule, [[0, 11]]);
    const command = { kind: 'resolve', at: 5, by: 'ann', episode: 'ep_other' } as const;
    expect(decideAlert(command, alert, { rule, project: 'p', labels })).toEqual({ facts: [], alert });
  });
});

describe('what was recorded of an alert', () => {
  const rules = [
    twoLevels,
    'info: { above: 5 }, warning: { above: 10, for: 10s }, critical: { above: 50 }, keepFiringFor: 20s',
    'warning: { above: 10, for: 20s }, keepFiringFor: 30s, noData: resolve, window: 20s, every: 10s',
    'warning: { above: 10, recover: 3 }, critical: { above: 50, recover: 20, for: 20s }, noData: fire, window: 20s, every: 10s',
  ].map(ruleOf);
  const whats = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0, 4, 7, 11, 25, 51) },
    fc.constant(undefined),
    { weight: 1, arbitrary: fc.constant('person' as const) },
  );

  test('brings back the same episode, whatever it went through', () => {
    fc.assert(
      fc.property(fc.constantFrom(...rules), fc.array(whats, { maxLength: 40 }), (rule, all) => {
        const given = all.map((what, index): Given => [index * 10, what]);
        const { facts, alert } = lived(rule, given);
        const recalled = facts.reduce((state, fact) => evolveAlert(state, fact, rule), initialAlert(rule));
        expect(recalled.episode).toEqual(alert.episode);
      }),
      { numRuns: 2_000 },
    );
  });

  test('brings back levels that show the same state and severity', () => {
    fc.assert(
      fc.property(fc.constantFrom(...rules), fc.array(whats, { maxLength: 40 }), (rule, all) => {
        const given = all.map((what, index): Given => [index * 10, what]);
        const { facts, alert } = lived(rule, given);
        const recalled = facts.reduce((state, fact) => {
          const evolved = evolveAlert(state, fact, rule);
          return { ...evolved, levels: levelsAfter(fact, evolved, rule) };
        }, initialAlert(rule));
        const worst = (one: Alert) =>
          rule.levels.filter((_, index) => one.levels[index]?.firing).at(-1)?.severity;
        // Whether what a person has ended has let go is not recorded.
        if (alert.episode === undefined) return;
        expect(worst(recalled)).toBe(worst(alert));
        if (alert.episode?.state !== 'recovering') return;
        const since = (one: Alert) =>
          Math.max(...one.levels.flatMap(({ recoveringSince }) => recoveringSince ?? []));
        expect(since(recalled)).toBe(since(alert));
      }),
      { numRuns: 2_000 },
    );
  });

  const continued: [name: string, rule: Rule, given: Given[], then: Given[]][] = [
    [
      'recovers in its time',
      rules[1] as Rule,
      [
        [0, 51],
        [10, 0],
      ],
      [
        [20, 0],
        [29, 0],
        [30, 0],
      ],
    ],
    [
      'gets milder',
      rules[1] as Rule,
      [
        [0, 51],
        [10, 51],
      ],
      [
        [20, 11],
        [40, 11],
        [50, 0],
      ],
    ],
    [
      'ends a milder one that is pending',
      rules[0] as Rule,
      [[0, 51]],
      [
        [10, 20],
        [20, 20],
      ],
    ],
    [
      'fires in its time',
      rules[2] as Rule,
      [[0, 11]],
      [
        [10, 11],
        [20, 11],
      ],
    ],
    [
      'stays down',
      rules[1] as Rule,
      [
        [0, 51],
        [5, 'person'],
      ],
      [
        [10, 51],
        [20, 51],
        [30, 0],
        [50, 0],
        [60, 11],
      ],
    ],
    [
      'comes back and stays',
      rules[0] as Rule,
      [
        [0, 51],
        [5, 'person'],
        [10, 0],
        [20, 51],
      ],
      [
        [30, 51],
        [40, 0],
      ],
    ],
    [
      'has its data again',
      rules[3] as Rule,
      [
        [0, 11],
        [10, undefined],
        [30, undefined],
      ],
      [[40, 11]],
    ],
  ];
  test.each(continued)('goes on as if nothing had been lost: %s', (_, rule, given, then) => {
    const subject = { rule, project: 'p', labels };
    const past = lived(rule, given);
    let alert = past.facts.reduce((state, fact) => {
      const evolved = evolveAlert(state, fact, rule);
      return { ...evolved, levels: levelsAfter(fact, evolved, rule) };
    }, initialAlert(rule));
    const facts: Fact[] = [];
    for (const one of then) {
      const next = decideAlert(commandOf(one, alert), alert, subject);
      facts.push(...next.facts);
      alert = next.alert;
    }
    const whole = lived(rule, [...given, ...then]).facts.slice(past.facts.length);
    expect(facts.map(wordsOf)).toEqual(whole.map(wordsOf));
  });
});
