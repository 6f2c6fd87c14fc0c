import { markerEnd } from './spans.ts';

/** Words that stand beside a key and tell a state, a type or a reason instead of a secret. */
const stateWords: ReadonlySet<string> = new Set(
  (
    'null|nil|none|undefined|nan|true|false|yes|no|on|off|empty|blank|missing|required|invalid|expired|revoked|wrong|' +
    'incorrect|denied|failed|failure|fail|success|successful|ok|okay|error|unauthorized|unauthenticated|forbidden|not|' +
    'is|was|are|has|had|have|the|a|an|must|should|cannot|can|could|would|will|may|too|very|please|enter|reset|changed|' +
    'updated|set|unset|unknown|unavailable|enabled|disabled|active|inactive|valid|verified|unverified|redacted|hidden|' +
    'masked|filtered|removed|omitted|optional|string|number|object|array|int|integer|bool|boolean|text|str|bytes|any|' +
    'accepted|rejected|granted|allowed|absent|present|found|created|deleted|generated|rotated|sent|received|started|closed|open|opened|' +
    'ended|basic|bearer|digest|oauth|oauth2|jwt|saml|ldap|default|unchanged|pending|skipped|for|of|in|to|at|with|and|or|' +
    'from|by|it|this|that|no-store|never|always|only|new|old|last|first|your|my|weak|strong|short|long|mismatch|timeout|' +
    'неверный|неверно|неправильный|не|нет|истек|истёк|обязателен|пуст|изменен|изменён|сброшен|просрочен|недействителен|' +
    'должен|слишком|указан|введите|невірний|неправильний|немає|потрібен|закінчився|змінено|введіть|прострочений|' +
    'שגויה|שגוי|חסרה|חסר|נדרשת|נדרש|לא|אינה|אינו|פגה|פג|תקין|תקינה|הוחלפה|שונתה|אופסה|יש|צריך|חייבת|ריקה|ריק'
  ).split('|'),
);

// Masked already, or a template's slot: ***, xxxx, <secret>, {password}, ${X}, %s, $1, ?, [hidden], [Object].
const slot =
  /^(?:[*•.xX#_-]{1,64}|<[^<>]{0,64}>|\{[\w. ]{0,64}\}|\{\{[\w. ]{0,64}\}\}|\$\{?\w{1,64}\}?|%[sdj@v]|\?|\[(?:redacted|filtered|hidden|masked|removed|secret|object|array|function|sensitive)[^\]]{0,40}\])$/i;

export function isState(value: string): boolean {
  if (value === '' || slot.test(value)) return true;
  return value.length <= 20 && stateWords.has(value.toLowerCase().replace(/[.,!:;)]+$/, ''));
}

/** Not a word of any language: digits among letters, capitals within, or a long number. */
export function looksRandom(value: string): boolean {
  if (value.length < 6) return false;
  if (/^\d+$/.test(value)) return true;
  const hasDigit = /\d/.test(value);
  if (hasDigit && /[A-Za-z]/.test(value)) return !/^\d+(?:\.\d+)?[a-z]{1,12}$/.test(value);
  return value.length >= 8 && /[a-z][A-Z]|[^\w\s.,:;/()-]/.test(value);
}

/** `getToken(`, `req.headers.authorization`: a program's text, not its data. */
export function looksLikeCode(value: string): boolean {
  return /^[A-Za-z_$][\w$]{0,60}(?:(?:\.[A-Za-z_$][A-Za-z_$]{0,60}){1,8}|(?:\.[\w$]{1,60}){0,8}\(.{0,200})[);,]*$/.test(
    value,
  );
}

export interface ValueSpan {
  start: number;
  end: number;
  quoted: boolean;
}

const longestQuoted = 8_192;
const closers: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '`': '`',
  '“': '”',
  '„': '“',
  '«': '»',
  '‘': '’',
};

/** The value that begins at or shortly after `from`; undefined when there is none, or a marker stands there. */
export function readValue(text: string, from: number, prose: boolean): ValueSpan | undefined {
  let at = from;
  while (at - from < 8 && isBlank(text.charCodeAt(at))) at++;
  const slashes = at;
  while (at - slashes < 16 && text.charCodeAt(at) === 92) at++;
  const closer = closers[text.charAt(at)];
  const value =
    closer !== undefined ? quotedValue(text, at + 1, closer, at - slashes) : bareValue(text, slashes, prose);
  if (value.end <= value.start) return undefined;
  return markerEnd(text, value.start) === value.end ? undefined : value;
}

export const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 0xa0;

function quotedValue(text: string, start: number, closer: string, slashes: number): ValueSpan {
  const limit = Math.min(text.length, start + longestQuoted);
  for (let i = start; i < limit; i++) {
    const code = text.charCodeAt(i);
    if (code === 92) {
      const run = i;
      while (i < limit && text.charCodeAt(i) === 92) i++;
      // Within one level of quoting a quote that ends it has just the backslashes of the one that began it.
      if (text.charAt(i) === closer && i - run <= slashes) return { start, end: run, quoted: true };
    } else if (text.charAt(i) === closer && slashes === 0) return { start, end: i, quoted: true };
    else if (code === 10) return { start, end: i, quoted: true };
  }
  return { start, end: limit, quoted: true };
}

// Ends any bare value: space, quotes, angle brackets.
const hardEnd = /[\s"'`<>\\]/g;
// Ends one in a list, a query or a connection string as well.
const softEnd = /[\s"'`<>\\&,;)}\]|%]/g;

function bareValue(text: string, start: number, prose: boolean): ValueSpan {
  const marker = markerEnd(text, start);
  const ending = prose ? hardEnd : softEnd;
  ending.lastIndex = marker > 0 ? marker : start;
  let end = ending.exec(text)?.index ?? text.length;
  const floor = Math.max(marker, start);
  if (prose) end = beforePunctuation(text, floor, end);
  return { start, end, quoted: false };
}

const pairs: Readonly<Record<string, string>> = { ')': '(', '}': '{', ']': '[' };

/** The sentence's punctuation is none of the value's, but the brace of `{name}` is. */
function beforePunctuation(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && '.,;:!?)}]'.includes(text.charAt(at - 1))) {
    const open = pairs[text.charAt(at - 1)];
    if (open !== undefined && text.charAt(start) === open) return at;
    at--;
  }
  return at;
}
