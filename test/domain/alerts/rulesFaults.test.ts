import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultText } from '../../../src/domain/alerts/rules/faults.ts';
import { readRules } from '../../../src/domain/alerts/rules/read.ts';

function faultsOf(text: string): string[] {
  const read = readRules(text);
  return read.kind === 'refused' ? read.faults.map(faultText) : [];
}

/** Of a rule that begins in line 2 and has these lines from line 3 on. */
const inRule = (lines: readonly string[]): string[] =>
  faultsOf(`rules:\n  - name: a\n${lines.map((line) => `    ${line}\n`).join('')}`);

const requests = ['measure: requests', 'info: { above: 1 }'];

describe('a fault says where it is, what is there and what to write', () => {
  test.each<[string[], string[]]>([
    [
      ['measure: error_rate', 'critical:', '  above: 10 percent'],
      ['line 5, column 14: rules[0].critical.above is "10 percent"; write a number such as 0.1, or 10%'],
    ],
    [
      ['measure: error_rate', 'critical: { above: 5 }'],
      [
        'line 4, column 24: rules[0].critical.above is 5; a fraction is from 0 to 1, so for 5 percent write 5%',
      ],
    ],
    [
      [...requests, 'windw: 5m'],
      ['line 5, column 5: rules[0].windw is not a key here; did you mean `window`?'],
    ],
    [
      [...requests, 'keep_firing_for: 5m'],
      ['line 5, column 5: rules[0].keep_firing_for is not a key here; did you mean `keepFiringFor`?'],
    ],
    [
      [...requests, 'runbook_url: http://a'],
      ['line 5, column 5: rules[0].runbook_url is not a key here; did you mean `runbook`?'],
    ],
    [
      ['measure: error rate', 'info: { above: 1 }'],
      ['line 3, column 14: rules[0].measure is "error rate"; did you mean `error_rate`?'],
    ],
    [
      ['measure: latency p100', 'info: { above: 1 }'],
      [expect.stringContaining('"latency p100"; write one of requests')],
    ],
    [['info: { above: 1 }'], ['line 2, column 5: rules[0].measure is missing']],
    [['measure: requests'], ['line 2, column 5: rules[0] needs a level: one of info, warning, critical']],
    [
      ['measure: requests', 'info: { above: 1, below: 2 }'],
      ['line 4, column 11: rules[0].info needs exactly one of above, atLeast, below, atMost'],
    ],
    [
      ['measure: requests', 'warning: { above: 5 }', 'critical: { below: 1 }'],
      ['line 5, column 15: rules[0].critical compares the other way than warning'],
    ],
    [
      ['measure: requests', 'warning: { above: 5 }', 'critical: { above: 4 }'],
      [expect.stringContaining('rules[0].critical.above is 4; it has to lie beyond that of warning')],
    ],
    [
      ['measure: requests', 'warning: { above: 5 }', 'critical: { above: 5 }'],
      [expect.stringContaining('or the same with a longer `for`')],
    ],
    [
      ['measure: requests', 'info: { above: 5, recover: 6 }'],
      [
        'line 4, column 32: rules[0].info.recover is 6; it has to be the threshold or below it, on the healthy side',
      ],
    ],
    [
      ['measure: rate_limit', 'info: { below: 20%, recover: 10% }'],
      [expect.stringContaining('is "10%"; it has to be the threshold or above it')],
    ],
    [
      ['measure: job', 'info: { atLeast: 1, recover: 0 }'],
      [
        'line 4, column 34: rules[0].info.recover is 0; the alert could never end, for the condition always holds',
      ],
    ],
    [
      ['measure: rate_limit', 'info: { atMost: 20%, recover: 1 }'],
      [expect.stringContaining('the alert could never end')],
    ],
    [
      ['measure: silence', 'info: { above: 2d }'],
      [
        'line 4, column 20: rules[0].info.above is "2d"; the window has to be longer, for a source is forgotten after it',
      ],
    ],
    [
      [...requests, 'window: 5m', 'every: 7s'],
      ['line 6, column 12: rules[0].every is "7s"; the window of 5m has to be a multiple of it'],
    ],
    [
      [...requests, 'window: 5'],
      ['line 5, column 13: rules[0].window is 5; write a duration such as 30s, 5m or 1h30m'],
    ],
    [[...requests, 'window: 32d'], ['line 5, column 13: rules[0].window is "32d"; the most is 31d']],
    [[...requests, 'window: 1001ms'], ['line 5, column 13: rules[0].window has to be a multiple of 100ms']],
    [
      [...requests, 'window: 31d', 'every: 1s'],
      ['line 6, column 12: rules[0].every makes more than 50000 steps in a window of 31d'],
    ],
    [
      ['measure: { burnRate: { objective: 99.9%, long: 5m, short: 1h } }', 'info: { above: 1 }'],
      [expect.stringContaining('burnRate.long is "5m"; the long window has to be longer than the short one')],
    ],
    [
      ['measure: { burnRate: { objective: 100%, long: 1h, short: 5m } }', 'info: { above: 1 }'],
      [expect.stringContaining('is "100%"; an objective lies between 0 and 1')],
    ],
    [
      ['measure: { burnRate: { objective: 99%, long: 1h, short: 5m } }', 'window: 1h', 'info: { above: 1 }'],
      [expect.stringContaining('has no place beside a burn rate')],
    ],
    [
      ['measure: { metrik: a }', 'info: { above: 1 }'],
      ['line 3, column 16: rules[0].measure.metrik is not a key here; did you mean `metric`?'],
    ],
    [
      [...requests, 'title: "{{service}} {{value}}"'],
      [
        expect.stringContaining(
          'rules[0].title has {{service}}, which is nothing known; there are value, threshold',
        ),
      ],
    ],
    [
      [...requests, 'by: [service]', 'description: "{{ $labels.service }}"'],
      [expect.stringContaining('has {{ $labels.service }}, which is nothing known; did you mean `service`?')],
    ],
    [
      [...requests, 'playbook:', '  - look', '  - "{{valeu}}"'],
      ['line 7, column 9: rules[0].playbook[1] has {{valeu}}, which is nothing known; did you mean `value`?'],
    ],
    [
      [...requests, 'annotations: { a: "{{x}}" }'],
      [expect.stringContaining('rules[0].annotations.a has {{x}}')],
    ],
    [
      [...requests, 'runbook: ../secrets'],
      [
        'line 5, column 14: rules[0].runbook is "../secrets"; write an http or https address, or docs/<page>.md',
      ],
    ],
    [[...requests, 'runbook: docs/../a.md'], [expect.stringContaining('rules[0].runbook')]],
    [
      [...requests, 'dashboard: javascript:alert(1)'],
      [expect.stringContaining('write an http or https address')],
    ],
    [
      [...requests, 'by: [service]', 'labels: { service: x }'],
      ['line 6, column 15: rules[0].labels.service is a label that its alerts have already'],
    ],
    [
      [...requests, 'by: [service, service]'],
      ['line 5, column 19: rules[0].by[1] is "service", which is there twice'],
    ],
    [
      [...requests, 'noData: ok'],
      ['line 5, column 13: rules[0].noData is "ok"; write one of keep, resolve, fire'],
    ],
    [[...requests, 'quiet: yes'], ['line 5, column 12: rules[0].quiet is "yes"; write true or false']],
    [
      [...requests, 'minimumFailures: 3'],
      [
        'line 5, column 22: rules[0].minimumFailures is 3; only error_rate and burnRate have failures to count',
      ],
    ],
    [
      [...requests, 'minimumVolume: -1'],
      ['line 5, column 20: rules[0].minimumVolume is -1; write a whole number from 0 to 1000000000'],
    ],
    [[...requests, 'title:'], ['line 5, column 11: rules[0].title is empty; write a text']],
    [
      [...requests, 'select: { env: !dev }'],
      ['line 5, column 20: rules[0].select.env begins with !dev, a tag in YAML; put it in quotes: "!dev"'],
    ],
    [
      [...requests, 'select:', '  env: !dev', 'quiet: true'],
      ['line 6, column 12: rules[0].select.env begins with !dev, a tag in YAML; put it in quotes: "!dev"'],
    ],
    [
      [...requests, 'select: { a: "~(?=b)" }'],
      [
        expect.stringMatching(
          /rules\[0\]\.select\.a cannot be used: the pattern "\(\?=b\)" .* no lookaround/,
        ),
      ],
    ],
    [
      [...requests, 'select: ["service"]'],
      [expect.stringContaining('rules[0].select[0] is "service"; after service comes none of = != =~ !~')],
    ],
    [[...requests, 'select: { a: ["!b"] }'], [expect.stringContaining('in a list stand plain values')]],
    [
      [...requests, 'title: {{value}} fail'],
      [expect.stringContaining('a text that begins with {{ needs quotes')],
    ],
    [
      [...requests, 'title: {{value}}'],
      [expect.any(String), expect.stringContaining('begins with {{ needs quotes')],
    ],
    [[...requests, 'quiet: true', 'quiet: false'], ['line 6, column 5: rules[0].quiet is there twice']],
    [[...requests, 'title: *x'], ['line 5, column 12: rules[0].title is *x, but no value before it is &x']],
  ])('%j', (lines, faults) => {
    expect(inRule(lines)).toEqual(faults);
  });

  test.each<[string, string[]]>([
    ['', ['line 1, column 1: the file is empty; it needs at least `rules:`']],
    ['lateness: 1s', ['line 1, column 1: rules is missing']],
    ['rules:', [expect.stringContaining('rules is empty; write a list')]],
    ['- 1', [expect.stringContaining('line 1, column 1: is a list; write a map with')]],
    ['rules: []\n---\nrules: []\n', ['line 2, column 1: a second document begins; a rules file is one']],
    ['{"rules": [}', [expect.stringContaining('line 1, column 12: this is not JSON: expected a value')]],
    [
      'rules: [{ name: a, measure: job, info: { above: 1 } }, { name: a, measure: job, info: { above: 1 } }]',
      ['line 1, column 64: rules[1].name is "a"; another rule has this name'],
    ],
    [
      'rules: [{ name: A, measure: job, info: { above: 1 } }]',
      [expect.stringContaining('rules[0].name is "A"')],
    ],
  ])('%j', (text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  test.each<[string, RegExp]>([
    [
      'routes: [{ name: r, match: { a: b }, mute: [night] }]\nmute: [{ name: nights }]',
      /did you mean `nights`/,
    ],
    ['routes: [{ name: r, mute: [x] }]', /routes\[0\]\.mute is a list|no mute time has this name/],
    ['routes: [{ name: r, channels: [] }]', /leave the key out for every configured one/],
    ['routes: [{ name: r, channels: [A b] }]', /write the name of a channel/],
    [
      'routes: [{ name: r }, { name: s }]',
      /routes\[1\] can never be reached, for r before it takes everything/,
    ],
    ['routes: [{ name: r, match: { a: b } }, { name: r }]', /another one has this name/],
    ['routes: [{ name: default, match: { a: b } }]', /that is the name of the last one/],
    [
      'routes: [{ name: r, groupInterval: 1h, repeatInterval: 1m }]',
      /repeatInterval shorter than groupInterval/,
    ],
    [
      'routes: [{ name: r, escalate: [{ after: 1h, channels: a }, { after: 1h, channels: b }] }]',
      /comes later/,
    ],
    ['routes: [{ name: r, receiver: x }]', /did you mean `channels`/],
    ['inhibit: [{ name: i, source: {}, target: { a: b } }]', /is empty, which would be every alert/],
    ['inhibit: [{ name: i, source: { a: b } }]', /inhibit\[0\]\.target is missing/],
    ['mute: [{ name: m, timeZone: Europe/Kiew }]', /such as Europe\/Kyiv/],
    ['mute: [{ name: m, weekdays: [mo] }]', /such as sat or mon-fri/],
    ['mute: [{ name: m, from: "25:00" }]', /write a time such as "07:00"/],
    ['mute: [{ name: m, from: "07:00", to: "07:00" }]', /leaves nothing/],
    ['flapping: { firings: 1 }', /whole number from 2 to 100/],
  ])('in the policy: %s', (text, fault) => {
    expect(faultsOf(`rules: []\n${text}\n`).join('\n')).toMatch(fault);
  });

  test('all faults are told at once in the order of the text, and fifty at most', () => {
    const one = '  - { name: A, measure: x, info: { above: y } }\n';
    const faults = faultsOf(`rules:\n${one.repeat(60)}`);
    expect(faults).toHaveLength(50);
    expect(faults[0]).toMatch(/^line 2, column 13: rules\[0\]\.name/);
    expect(faults[1]).toMatch(/^line 2, column 25: rules\[0\]\.measure/);
    expect(faults[2]).toMatch(/^line 3, column 13: rules\[1\]\.name/);
  });
});

describe('hostile files are refused soon', () => {
  const million = 1_000_000;
  const laughs = 'abcdefghi'.split('').map(
    (name, index, all) =>
      `${name}: &${name} [${Array(10)
        .fill(index === 0 ? 'x' : `*${all[index - 1]}`)
        .join()}]`,
  );

  test.each<[string, string, RegExp]>([
    ['too long', 'x'.repeat(million + 1), /more than 1000000 characters/],
    ['too many rules', `rules: [${'{},'.repeat(501)}]`, /has 501 entries; at most 500/],
    ['billion laughs', `${laughs.join('\n')}\nrules: [*i]`, /more than 100000 values/],
    ['an alias of itself', 'rules: &a [*a]', /more than 16 levels deep/],
    ['deep lists', '['.repeat(50_000), /more than 16 levels deep/],
    ['deep maps', '{a: '.repeat(20_000), /more than 16 levels deep/],
    ['deep dashes', '- '.repeat(20_000), /more than 16 levels deep/],
    ['a million brackets', '['.repeat(million), /more than 200000 words and signs/],
    ['many anchors', '&a '.repeat(million / 3), /more than 200000 words and signs/],
    ['many documents', '---\n'.repeat(million / 4), /more than 200000 words and signs/],
    ['stray brackets', ']'.repeat(100_000), /not YAML/],
    [
      'many keys',
      Array.from({ length: 20_000 }, (_, key) => `k${key}: 1`).join('\n'),
      /k0 is not a key here/,
    ],
  ])('%s', (_, text, fault) => {
    expect(faultsOf(text).join('\n')).toMatch(fault);
  });

  test('whatever is in a file, it is read or refused', () => {
    const words = fc.constantFrom(
      'rules:',
      '- ',
      'name: a',
      'measure:',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '!x',
      '"',
      ': ',
      'requests',
      '5%',
      '|',
      '#',
      '---\n',
      '\t',
      '\u0000',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(words, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 40 }),
        (parts) => {
          const read = readRules(parts.join(''));
          if (read.kind === 'read') return;
          expect(read.faults.length).toBeGreaterThan(0);
          for (const { line, column } of read.faults)
            expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
        },
      ),
      { numRuns: 500 },
    );
  });
});
