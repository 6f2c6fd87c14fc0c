import {
  askingFirstWords,
  describingLastWords,
  harmlessTokenWords,
  type KeyClass,
  keyTerms,
  ownerConnectors,
  trailingQualifiers,
} from './keyTerms.ts';

/** What a name says about the value beside it. */
export type KeyVerdict = KeyClass | 'none';

export interface KeyClassifier {
  /** The name of a field, all of it known. */
  field(name: string): KeyVerdict;
  /** The word before a separator in free text; `more` when the words before it could change the verdict. */
  word(word: string): { verdict: KeyVerdict; more: boolean };
  /** Several words before a separator in free text. */
  phrase(text: string): KeyVerdict;
}

const mostRemembered = 4_096;
const longestName = 200;

const setOf = (words: string): ReadonlySet<string> =>
  new Set(words.split('|').flatMap((word) => wordsOf(word)));

const qualifiers = setOf(trailingQualifiers);
const describing = setOf(describingLastWords);
const asking = setOf(askingFirstWords);
const harmless = setOf(harmlessTokenWords);
const connectors = setOf(ownerConnectors);

/** Long enough that a word which ends with one of them is a compound of it: `dbpassword`, `הסיסמה`, `用户密码`. */
const compoundEnds: readonly (readonly [string, KeyClass])[] = compoundEndings();

function wordsOf(name: string): string[] {
  const plain = /^\p{ASCII}*$/u.test(name)
    ? name
    : name.normalize('NFKC').normalize('NFD').replace(/\p{M}/gu, '');
  return plain
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .replace(/(\p{L})(\p{N})/gu, '$1 $2')
    .replace(/(\p{N})(\p{L})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

function termTable(): Map<string, KeyClass> {
  const table = new Map<string, KeyClass>();
  for (const [keyClass, lists] of Object.entries(keyTerms) as [KeyClass, readonly string[]][]) {
    for (const term of lists.flatMap((list) => list.split('|'))) table.set(wordsOf(term).join(''), keyClass);
  }
  return table;
}

function compoundEndings(): (readonly [string, KeyClass])[] {
  const ends: (readonly [string, KeyClass])[] = [];
  const english: readonly (readonly [string, KeyClass])[] = [
    ['password', 'password'],
    ['passwd', 'password'],
    ['passphrase', 'password'],
    ['secret', 'password'],
    ['secretkey', 'password'],
    ['privatekey', 'password'],
    ['passwort', 'password'],
    ['token', 'token'],
    ['apikey', 'token'],
    ['accesskey', 'token'],
    ['sessionid', 'token'],
  ];
  ends.push(...english);
  for (const keyClass of ['password', 'token', 'code', 'phone'] as const) {
    for (const term of keyTerms[keyClass].flatMap((list) => list.split('|'))) {
      const joined = wordsOf(term).join('');
      const scriptWithoutSpaces = /^[\u3040-\u30ff\u3400-\u9fff\u1100-\u11ff\u0e00-\u0e7f]{2,}$/.test(joined);
      const prefixing = /^[\u0590-\u05ff\u0600-\u06ff\u0400-\u04ff]{5,}$/.test(joined);
      if (scriptWithoutSpaces || prefixing) ends.push([joined, keyClass]);
    }
  }
  return ends;
}

const terms = termTable();
const longestTerm = 4;

/** Last words of terms of several words: only for them is it worth reading on to the left. */
const tails: ReadonlySet<string> = new Set(
  Object.values(keyTerms)
    .flat()
    .flatMap((list) => list.split('|'))
    .map(wordsOf)
    .filter((words) => words.length > 1)
    .map((words) => words.at(-1) ?? ''),
);

export function createKeyClassifier(
  extraKeys: readonly string[],
  safeKeys: readonly string[],
): KeyClassifier {
  const own = new Map(terms);
  for (const key of extraKeys) own.set(wordsOf(key).join(''), 'password');
  const safe = new Set(safeKeys.map((key) => wordsOf(key).join('')));

  const classify = (words: readonly string[], inText: boolean): KeyVerdict => {
    if (words.length === 0 || safe.has(words.join(''))) return 'none';
    if (asking.has(words[0] as string) && words.length > 1 && !inText) return 'none';
    return classifyWords(withoutQualifiers(words), own, inText);
  };
  return {
    field: remembered((name) => classify(wordsOf(name), false)),
    phrase: remembered((text) => classify(withoutOwner(wordsOf(text)), true)),
    word: remembered((word) => {
      const words = wordsOf(word);
      const verdict = classify(words, true);
      const last = words.at(-1) ?? '';
      const qualified = words.length <= 2 && (tails.has(last) || qualifiers.has(last));
      return { verdict, more: verdict === 'token' || (verdict === 'none' && qualified) };
    }),
  };
}

function classifyWords(
  words: readonly string[],
  table: ReadonlyMap<string, KeyClass>,
  inText: boolean,
): KeyVerdict {
  for (let size = Math.min(longestTerm, words.length); size > 0; size--) {
    const found = table.get(words.slice(-size).join(''));
    if (found === undefined) continue;
    const before = words.at(-size - 1);
    return found === 'token' && before !== undefined && harmless.has(before) ? 'none' : found;
  }
  const last = words.at(-1) ?? '';
  for (const [end, keyClass] of compoundEnds) if (last.endsWith(end)) return keyClass;
  if (inText || describing.has(last)) return 'none';
  return words.some((word) => table.get(word) === 'password') ? 'password' : 'none';
}

function withoutQualifiers(words: readonly string[]): readonly string[] {
  let end = words.length;
  while (end > 1) {
    const last = words[end - 1] as string;
    if (!qualifiers.has(last) && !/^\d+$/.test(last)) break;
    end--;
  }
  return words.slice(0, end);
}

function withoutOwner(words: string[]): string[] {
  return words.length > 2 && connectors.has(words.at(-2) ?? '') ? words.slice(0, -2) : words;
}

/** Names come again and again, but a stranger can invent new ones: the memory is emptied when it is full. */
function remembered<T>(compute: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const value = compute(name.length > longestName ? name.slice(-longestName) : name);
    if (known.size >= mostRemembered) known.clear();
    known.set(name, value);
    return value;
  };
}
