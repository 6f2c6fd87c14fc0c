import { refuse } from '../errors.ts';

/**
 * Words of a statement in the engine's own hand, where comments, here-documents and odd spacing are gone. What does
 * not fit is refused: a reader that guesses can be led astray.
 */
export interface Token {
  kind: 'name' | 'string' | 'number' | 'param' | 'sign';
  /** As it stands in the statement. */
  text: string;
  /** A name without its quotes, a parameter's name, a string's content. */
  value: string;
  /** Written with quotes, so never a keyword. */
  quoted: boolean;
  /** A parameter's type. */
  type?: string;
}

const patterns: readonly [Token['kind'] | 'space', RegExp][] = [
  ['space', /\s+/y],
  ['name', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['name', /`(?:[^`\\]|\\[\s\S]|``)*`/y],
  ['name', /"(?:[^"\\]|\\[\s\S]|"")*"/y],
  ['string', /'(?:[^'\\]|\\[\s\S]|'')*'/y],
  ['number', /(?:0[xX][0-9A-Fa-f]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)/y],
  ['param', /\{[A-Za-z_][A-Za-z0-9_]*\s*:\s*[^{}]*\}/y],
  ['sign', /::|->|\|\||==|!=|<>|<=>|<=|>=|[()[\],.;*+\-/%=<>?:^@]/y],
];

export function tokens(sql: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const next = readAt(sql, at);
    if (next === undefined) throw refuse('SYNTAX_ERROR', `Cannot read the statement at position ${at + 1}`);
    at += next.length;
    if (next.token !== undefined) found.push(next.token);
  }
  return found;
}

function readAt(sql: string, at: number): { length: number; token?: Token } | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(sql)?.[0];
    if (text === undefined) continue;
    return kind === 'space' ? { length: text.length } : { length: text.length, token: token(kind, text) };
  }
  return undefined;
}

function token(kind: Token['kind'], text: string): Token {
  if (kind === 'param') {
    const [name = '', ...type] = text.slice(1, -1).split(':');
    return { kind, text, value: name.trim(), quoted: false, type: type.join(':').trim() };
  }
  const quoted = /^[`"']/.test(text);
  return { kind, text, value: quoted ? unquote(text) : text, quoted };
}

const escapes: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  b: '\b',
  f: '\f',
  a: '\x07',
  v: '\v',
};

/** The content of a quoted word. */
export function unquote(text: string): string {
  const mark = text[0] ?? "'";
  return text
    .slice(1, -1)
    .replaceAll(mark + mark, mark)
    .replace(/\\(x[0-9A-Fa-f]{2}|[\s\S])/g, (_, c: string) =>
      c.length === 3 ? String.fromCharCode(Number.parseInt(c.slice(1), 16)) : (escapes[c] ?? c),
    );
}

/** Puts the words back together; the engine does not mind the spaces. */
export const join = (list: readonly Token[]): string =>
  list.reduce((text, t, i) => (i === 0 || tight(list[i - 1], t) ? text + t.text : `${text} ${t.text}`), '');

const tight = (before: Token | undefined, t: Token): boolean =>
  t.text === '.' ||
  before?.text === '.' ||
  t.text === ',' ||
  t.text === ')' ||
  before?.text === '(' ||
  t.text === '::';

export const isWord = (t: Token | undefined, word: string): boolean =>
  t?.kind === 'name' && !t.quoted && t.text.toUpperCase() === word;

export const isSign = (t: Token | undefined, sign: string): boolean => t?.kind === 'sign' && t.text === sign;

/** Names joined by dots, each with the place where it begins. */
export function chains(list: readonly Token[]): { at: number; names: Token[] }[] {
  const found: { at: number; names: Token[] }[] = [];
  for (let i = 0; i < list.length; i++) {
    const first = list[i];
    if (first?.kind !== 'name' || isSign(list[i - 1], '.')) continue;
    const names = [first];
    let j = i;
    while (isSign(list[j + 1], '.') && list[j + 2]?.kind === 'name') {
      const name = list[j + 2];
      if (name !== undefined) names.push(name);
      j += 2;
    }
    found.push({ at: i, names });
  }
  return found;
}
