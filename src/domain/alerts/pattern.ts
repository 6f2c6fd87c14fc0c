import { compileStates, type Part, sizeOf } from './patternStates.ts';

/**
 * Regular expressions that users write, in the syntax of RE2, which Prometheus and Alertmanager have. They are not run by
 * the engine's own, which tries one way after the other and can take for ever: here all ways are followed at once, so
 * that the time grows with the length of the text and nothing else. What cannot be had so, lookaround and
 * backreferences, is refused.
 */
export type Pattern =
  | { kind: 'pattern'; matches: (text: string) => boolean }
  | { kind: 'refused'; problem: string };

const mostCharacters = 500;
const mostStates = 1_000;
const mostRemembered = 1_000;

const quantifier = /[*+?]|\{(\d{1,4})(,(\d{0,4}))?\}/y;
const groupStart = /\(\?(?:([is]+)([:)])|:)/y;
const characterClass = /\[\^?(?:[^\]\\]|\\.)*\]/suy;
const kindEscape = /\\(?:[dDwWsS]|[pP](?:[A-Z]|\{\w{1,40}\}))/y;
const controlEscapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v' };

const nothing: Part = { kind: 'sequence', parts: [] };

class PatternReader {
  problem: string | undefined;
  readonly #text: string;
  #at = 0;
  #flags = { i: false, s: false };

  constructor(text: string) {
    this.#text = text;
  }

  read(): Part {
    const part = this.#choice();
    if (this.#at < this.#text.length) this.#fail('has a `)` that nothing opens');
    return part;
  }

  #choice(): Part {
    const ways = [this.#sequence()];
    while (this.#take('|')) ways.push(this.#sequence());
    return ways.length === 1 ? (ways[0] ?? nothing) : { kind: 'choice', ways };
  }

  #sequence(): Part {
    const parts: Part[] = [];
    while (this.#at < this.#text.length && !/[|)]/.test(this.#here())) parts.push(this.#repeated());
    return { kind: 'sequence', parts };
  }

  #repeated(): Part {
    const part = this.#atom();
    const found = this.#match(quantifier);
    if (found === undefined) return part;
    // A lazy quantifier takes other characters first, which makes no difference to whether the whole text fits.
    this.#take('?');
    if (this.#match(quantifier) !== undefined) return this.#fail('repeats a repetition; put it in a group');
    const [sign, exactly, range, upTo] = found;
    if (sign === '?') return { kind: 'repeat', part, least: 0, most: 1 };
    if (exactly === undefined)
      return { kind: 'repeat', part, least: sign === '+' ? 1 : 0, most: Number.POSITIVE_INFINITY };
    const least = Number(exactly);
    const most = range === undefined ? least : upTo ? Number(upTo) : Number.POSITIVE_INFINITY;
    return most < least
      ? this.#fail(`has ${sign}, which ends before it begins`)
      : { kind: 'repeat', part, least, most };
  }

  #atom(): Part {
    const character = this.#here();
    if (character === '(') return this.#group();
    if (character === '[') return this.#class();
    if (character === '\\') return this.#escape();
    if (/[*+?]/.test(character)) return this.#fail(`has a \`${character}\` with nothing to repeat`);
    this.#at += character.length;
    if (character === '^' || character === '$')
      return { kind: 'edge', at: character === '^' ? 'start' : 'end' };
    if (character !== '.') return this.#literal(character);
    return { kind: 'one', takes: this.#flags.s ? () => true : (one) => one !== '\n' };
  }

  #group(): Part {
    const before = { ...this.#flags };
    const [start, flags, end] = this.#match(groupStart) ?? [];
    if (start === undefined) {
      this.#at++;
      if (this.#here() === '?')
        return this.#fail('may have only the groups (…), (?:…), (?i) and (?s): no lookaround and no names');
    }
    for (const flag of flags ?? '') this.#flags = { ...this.#flags, [flag]: true };
    if (end === ')') return nothing;
    const part = this.#choice();
    this.#flags = before;
    return this.#take(')') ? part : this.#fail('has a `(` that nothing closes');
  }

  #class(): Part {
    const [source] = this.#match(characterClass) ?? [];
    if (source === undefined) return this.#fail('has a `[` that nothing closes');
    if (source.includes('[:')) return this.#fail('has a class such as [:alpha:]; write [a-zA-Z]');
    return this.#single(source);
  }

  #escape(): Part {
    const [kind] = this.#match(kindEscape) ?? [];
    if (kind !== undefined) return this.#single(kind);
    this.#at++;
    const character = this.#here();
    this.#at += character.length;
    const control = Object.hasOwn(controlEscapes, character) ? controlEscapes[character] : undefined;
    if (control !== undefined) return this.#literal(control);
    if (character === 'A' || character === 'z')
      return { kind: 'edge', at: character === 'A' ? 'start' : 'end' };
    if (/^\d$/.test(character)) return this.#fail(`has \\${character}: there are no backreferences`);
    if (/^[\p{L}_]?$/u.test(character)) return this.#fail(`has \\${character}, which is no escape here`);
    return this.#literal(character);
  }

  /** One character that the engine's own expression decides on; over a single one it has no ways to try. */
  #single(source: string): Part {
    if (source === '[]' || source === '[^]') return this.#fail(`has the empty class ${source}`);
    try {
      const own = new RegExp(`^${source}$`, this.#flags.i ? 'iu' : 'u');
      return { kind: 'one', takes: (one) => own.test(one) };
    } catch {
      return this.#fail(`has ${source}, which is not valid`);
    }
  }

  #literal(character: string): Part {
    if (!this.#flags.i) return { kind: 'one', takes: (one) => one === character };
    const folded = character.toLowerCase();
    return { kind: 'one', takes: (one) => one.toLowerCase() === folded };
  }

  #here(): string {
    const point = this.#text.codePointAt(this.#at);
    return point === undefined ? '' : String.fromCodePoint(point);
  }

  #take(character: string): boolean {
    const found = this.#here() === character;
    if (found) this.#at++;
    return found;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }

  /** The first problem counts; going on at the end ends every loop. */
  #fail(problem: string): Part {
    this.problem ??= problem;
    this.#at = this.#text.length;
    return nothing;
  }
}

/** The whole text has to fit, as in Prometheus: `^(?:…)$`. */
export function compilePattern(text: string): Pattern {
  if (text.length > mostCharacters)
    return { kind: 'refused', problem: `is longer than ${mostCharacters} characters` };
  const reader = new PatternReader(text);
  const part = reader.read();
  if (reader.problem !== undefined) return { kind: 'refused', problem: reader.problem };
  if (sizeOf(part) > mostStates)
    return { kind: 'refused', problem: 'repeats too much; use smaller repetitions' };
  return { kind: 'pattern', matches: remembering(compileStates(part)) };
}

/** Labels take the same few values again and again. */
function remembering(matches: (text: string) => boolean): (text: string) => boolean {
  const known = new Map<string, boolean>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const result = matches(text);
    if (known.size >= mostRemembered) known.clear();
    known.set(text, result);
    return result;
  };
}

/** The text as a pattern that only it fits. */
export const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
