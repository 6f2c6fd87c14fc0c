import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compileMatchers,
  formatMatcher,
  matcherFault,
  parseMatcher,
} from '../../../src/domain/alerts/matchers.ts';
import { type Labels, type Matcher, matchOperators } from '../../../src/domain/alerts/rule.ts';

function read(text: string): Matcher {
  const matcher = parseMatcher(text);
  if (typeof matcher === 'string') throw new Error(`${text}: ${matcher}`);
  return matcher;
}

const holds = (matchers: readonly string[], labels: Labels): boolean =>
  compileMatchers(matchers.map(read))(labels);

describe('matchers hold as in Alertmanager', () => {
  test.each<[string, string, boolean]>([
    ['foo="bar"', 'bar', true],
    ['foo="bar"', 'foo-bar', false],
    ['foo!="bar"', 'bar', false],
    ['foo!="bar"', 'foo-bar', true],
    ['foo=~"bar"', 'bar', true],
    ['foo=~"bar"', 'foo-bar', false],
    ['foo=~".*bar"', 'foo-bar', true],
    ['foo!~"bar"', 'bar', false],
    ['foo!~"bar"', 'foo-bar', true],
    ['foo!~".*bar"', 'foo-bar', false],
    ['foo=~"foo.bar"', 'foo-bar', true],
    ['foo=~"foo\\\\.bar"', 'foo-bar', false],
    ['foo=~"foo\\\\.bar"', 'foo.bar', true],
    ['foo="foo\\nbar"', 'foo\nbar', true],
    ['foo=~"foo.bar"', 'foo\nbar', false],
    ['foo=~"(?s)foo.bar"', 'foo\nbar', true],
    ['foo="~!=\\""', '~!="', true],
    ['foo=~"a|bc"', 'abc', false],
    ['foo=~"a|bc"', 'bc', true],
  ])('%s of %j is %s', (matcher, value, expected) => {
    expect(holds([matcher], { foo: value })).toBe(expected);
  });

  test.each<[string, boolean]>([
    ['foo=""', true],
    ['foo!=""', false],
    ['foo="bar"', false],
    ['foo!="bar"', true],
    ['foo=~".*"', true],
    ['foo=~".+"', false],
    ['foo=~""', true],
    ['foo!~".*"', false],
    ['foo!~".+"', true],
    ['foo!~"bar"', true],
    ['foo=~"bar|"', true],
  ])('a missing label is an empty one: %s is %s', (matcher, expected) => {
    expect(holds([matcher], {})).toBe(expected);
    expect(holds([matcher], { foo: '' })).toBe(expected);
  });

  test('all of several have to hold, and none at all always does', () => {
    expect(holds(['a="1"', 'b!="2"'], { a: '1', b: '3' })).toBe(true);
    expect(holds(['a="1"', 'b!="2"'], { a: '1', b: '2' })).toBe(false);
    expect(holds([], {})).toBe(true);
  });

  test('what every object has is no label', () => {
    expect(holds(['constructor=""', '__proto__=""'], {})).toBe(true);
  });

  test('a matcher that nobody has checked holds for nothing instead of for everything', () => {
    for (const operator of ['=~', '!~'] as const)
      expect(compileMatchers([{ label: 'a', operator, value: '(' }])({ a: 'x' })).toBe(false);
  });
});

describe('a matcher is read as in Alertmanager', () => {
  test.each<[string, Matcher['label'], Matcher['operator'], string]>([
    ['service="bot"', 'service', '=', 'bot'],
    ['operation=~"file_.*"', 'operation', '=~', 'file_.*'],
    ['env!="dev"', 'env', '!=', 'dev'],
    ['a!~"b"', 'a', '!~', 'b'],
    ['foo=bar', 'foo', '=', 'bar'],
    ['foo=~bar.*', 'foo', '=~', 'bar.*'],
    [' foo  !=  "bar" ', 'foo', '!=', 'bar'],
    ['foo🙂=bar', 'foo🙂', '=', 'bar'],
    ['name-with-dashes = "bar"', 'name-with-dashes', '=', 'bar'],
    ['"foo bar"="baz"', 'foo bar', '=', 'baz'],
    ['"a\\"b"="c"', 'a"b', '=', 'c'],
    ['foo=""', 'foo', '=', ''],
    ['job=', 'job', '=', ''],
    ['foo=!bar\\n', 'foo', '=', '!bar\n'],
    ['foo=bar\\t', 'foo', '=', 'bar\\t'],
    ['foo=bar\\\\', 'foo', '=', 'bar\\'],
    ["foo='", 'foo', '=', "'"],
    ['tricky=~~~', 'tricky', '=~', '~~'],
    ['trickier==\\\\=\\=\\"', 'trickier', '=', '=\\=\\="'],
    ['foo="bar,quux"', 'foo', '=', 'bar,quux'],
    ['statuscode=~"5.."', 'statuscode', '=~', '5..'],
    ['foo="\\a\\b\\f\\n\\r\\t\\v"', 'foo', '=', '\x07\b\f\n\r\t\v'],
    ['foo="\\xf0\\x9f\\x99\\x82"', 'foo', '=', '🙂'],
    ['foo="\\360\\237\\231\\202"', 'foo', '=', '🙂'],
    ['foo="\\u00e9\\U0001f642"', 'foo', '=', 'é🙂'],
    // Escapes that Go does not know are read the older way, which regular expressions rely on.
    ['foo=~"a\\.b"', 'foo', '=~', 'a\\.b'],
    ['foo="\\xff"', 'foo', '=', '\\xff'],
    ['foo="\\ud800"', 'foo', '=', '\\ud800'],
  ])('%s', (text, label, operator, value) => {
    expect(parseMatcher(text)).toEqual({ label, operator, value });
  });

  test.each([
    ['', /does not begin with a label/],
    ['="bar"', /does not begin with a label/],
    ['{foo="bar"}', /does not begin with a label/],
    ['foo!bar', /comes none of = != =~ !~/],
    ['service', /comes none of/],
    ['job="value', /double quote/],
    ['job=value"', /double quote/],
    ['a=foo"bar', /double quote/],
    ['a="b"c', /double quote/],
    ["a='b'", /single quotes/],
    ['foo=~"invalid[regexp"', /has a `\[` that nothing closes/],
    [`a=~"${'x'.repeat(501)}"`, /at most 500/],
    [`${'x'.repeat(201)}="a"`, /at most 200/],
    [`a="${'x'.repeat(5_000)}"`, /at most 3000/],
  ])('%j is refused, and it is said why', (text, problem) => {
    expect(parseMatcher(text)).toMatch(problem);
  });

  test('what is written is read again as the same', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 40 });
    const matchers = fc.record({
      label: texts.filter((label) => label !== ''),
      operator: fc.constantFrom(...matchOperators),
      value: texts,
    });
    fc.assert(
      fc.property(matchers, (matcher) => {
        fc.pre(matcherFault(matcher) === undefined);
        expect(parseMatcher(formatMatcher(matcher))).toEqual(matcher);
      }),
    );
  });

  test.each<[Matcher, string]>([
    [{ label: 'foo', operator: '=', value: 'back\\slash' }, 'foo="back\\\\slash"'],
    [{ label: 'foo', operator: '=~', value: 'new\nline' }, 'foo=~"new\\nline"'],
    [{ label: 'foo!', operator: '!=', value: 'bar' }, '"foo!"!="bar"'],
    [{ label: 'foo bar', operator: '!~', value: '"' }, '"foo bar"!~"\\""'],
  ])('%j is written as %s', (matcher, text) => {
    expect(formatMatcher(matcher)).toBe(text);
  });
});
