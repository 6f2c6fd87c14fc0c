import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePattern, escapePattern } from '../../../src/domain/alerts/pattern.ts';

function matches(pattern: string, text: string): boolean {
  const compiled = compilePattern(pattern);
  if (compiled.kind === 'refused') throw new Error(`${pattern} ${compiled.problem}`);
  return compiled.matches(text);
}

const problemOf = (pattern: string): string => {
  const compiled = compilePattern(pattern);
  return compiled.kind === 'refused' ? compiled.problem : '';
};

describe('a pattern', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['abc', ['abc'], ['ab', 'abcd', 'xabc', '']],
    ['a|bc|', ['a', 'bc', ''], ['abc']],
    ['^a$', ['a'], ['ba']],
    ['x^a|b$c', [], ['xa', 'bc', 'a']],
    ['a*', ['', 'aaa'], ['b']],
    ['(ab)+c?', ['ab', 'ababc'], ['', 'abcc']],
    ['a{2}', ['aa'], ['a', 'aaa']],
    ['a{2,}', ['aa', 'aaaa'], ['a']],
    ['a{1,3}', ['a', 'aaa'], ['', 'aaaa']],
    ['(a?){3}b', ['b', 'aaab'], ['aaaab']],
    ['(a*)*b', ['b', 'aab'], ['a']],
    ['([a-z]+-)*[a-z]+', ['a', 'eu-west-a'], ['eu-', '-a']],
    ['a{,2}', ['a{,2}'], ['aa']],
    ['[a-c_.-]+', ['a.b_c-'], ['d']],
    ['[^a-c]', ['d', '\n', '🙂'], ['a', 'dd']],
    ['[\\]\\\\]', [']', '\\'], ['[']],
    ['\\d\\w\\s\\D', ['1a x'], ['aa x']],
    ['\\p{L}+', ['Київ'], ['1']],
    ['.', ['a', '🙂'], ['\n', 'ab']],
    ['(?s).', ['\n'], []],
    ['(?i)straße|Bot', ['BOT', 'STRAßE'], ['both']],
    ['a(?i:b)c', ['aBc'], ['aBC', 'Abc']],
    ['a((?i)b)c', ['aBc'], ['aBC']],
    ['.*?a+?', ['bba'], ['bb']],
    ['a\\.b\\tc', ['a.b\tc'], ['axb\tc']],
    ['(?:a|b)(c)', ['ac', 'bc'], ['c']],
  ])('%s', (pattern, good, bad) => {
    for (const text of good) expect([text, matches(pattern, text)]).toEqual([text, true]);
    for (const text of bad) expect([text, matches(pattern, text)]).toEqual([text, false]);
  });

  test.each([
    ['(?=a)', /no lookaround/],
    ['(?!a)', /no lookaround/],
    ['(?<=a)b', /no lookaround/],
    ['(?<name>a)', /no names/],
    ['(?P<name>a)', /no names/],
    ['(a)\\1', /no backreferences/],
    ['\\bword', /no escape/],
    ['a\\', /no escape/],
    ['(a', /`\(` that nothing closes/],
    ['a)', /`\)` that nothing opens/],
    ['[a', /`\[` that nothing closes/],
    ['[]', /empty class/],
    ['[z-a]', /not valid/],
    ['[[:alpha:]]', /\[a-zA-Z\]/],
    ['*a', /nothing to repeat/],
    ['a**', /repeats a repetition/],
    ['a{3,1}', /ends before it begins/],
    ['((a{30}){30}){30}', /repeats too much/],
    ['(){9999}', /repeats too much/],
    ['a'.repeat(501), /longer than 500/],
  ])('%s is refused, and it is said why', (pattern, problem) => {
    expect(problemOf(pattern)).toMatch(problem);
  });

  const atoms = fc.constantFrom('a', 'b', '.', '[ab]', '[^b]', '\\w', 'ab');
  const { pattern: patterns } = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { maxDepth: 5 },
      atoms,
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => a + b),
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
      fc
        .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{0,}'))
        .map(([a, times]) => `(${a})${times}`),
    ),
  }));

  test('means the same as with the expressions of the language', () => {
    fc.assert(
      fc.property(
        patterns,
        fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 }),
        (pattern, text) => {
          fc.pre(problemOf(pattern) === '');
          expect(matches(pattern, text)).toBe(new RegExp(`^(?:${pattern})$`, 'u').test(text));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('never takes long, whatever it is and whatever it is held against', () => {
    const slow = [
      '(a+)+b',
      '(a|a)*b',
      '(a|aa)+b',
      `${'a?'.repeat(80)}b`,
      '.*.*.*.*.*.*=x',
      '((a*)*)*b',
      '(?:a?){200}b',
    ];
    const any = fc.oneof(patterns, fc.constantFrom(...slow), fc.string({ maxLength: 100 }));
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 990, maxLength: 1_000 });
    let slowest = 0;
    fc.assert(
      fc.property(any, fc.oneof(texts, fc.constant('a'.repeat(1_000))), (pattern, text) => {
        const compiled = compilePattern(pattern);
        fc.pre(compiled.kind === 'pattern');
        const begun = performance.now();
        if (compiled.kind === 'pattern') compiled.matches(text);
        slowest = Math.max(slowest, performance.now() - begun);
      }),
      { numRuns: 300 },
    );
    // A machine under load stalls now and then; an expression that backtracks would not end at all.
    expect(slowest).toBeLessThan(1_500);
  });

  test('any text is either a pattern or refused, and escaped it fits itself alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        compilePattern(text);
        expect(matches(escapePattern(text), text)).toBe(true);
        expect(matches(escapePattern(text), `${text}x`)).toBe(false);
      }),
    );
  });
});
