/** Where and why a text stops being JSON. The engine's own parser does not always say where. */
export interface JsonFault {
  /** Characters from the start. */
  position: number;
  line: number;
  column: number;
  problem: string;
}

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const whitespace = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these inside a string.
const plainText = /[^"\\\u0000-\u001f]*/y;
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const words = ['true', 'false', 'null'];

/** What may stand at the current place. */
type Expects = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'comma or end';

class Scanner {
  private readonly text: string;
  private at = 0;
  /** The brackets that are open; a list and not recursion, so that no depth can exhaust the stack. */
  private readonly open: ('[' | '{')[] = [];
  private expects: Expects = 'value';
  private done = false;

  constructor(text: string) {
    this.text = text;
  }

  /** Runs to the end or to the first fault, which it describes. */
  run(): string | undefined {
    for (;;) {
      this.skip(whitespace);
      if (this.at >= this.text.length)
        return this.done ? undefined : `the text ends too early, expected ${this.wanted()}`;
      if (this.done) return `there is more after the end: ${this.seen()}`;
      const problem = this.step();
      if (problem !== undefined) return problem;
    }
  }

  get position(): number {
    return this.at;
  }

  private step(): string | undefined {
    const char = this.text[this.at];
    const { expects } = this;
    if (expects === 'colon') return char === ':' ? this.take('value') : this.unexpected();
    if (expects === 'comma or end') return this.afterValue(char);
    if (expects === 'name' || expects === 'name or }') return this.name(char);
    if (char === ']' && expects === 'value or ]') return this.close();
    return this.value(char);
  }

  private value(char: string | undefined): string | undefined {
    if (char === '{' || char === '[') {
      this.open.push(char);
      return this.take(char === '{' ? 'name or }' : 'value or ]');
    }
    if (char === '"') return this.string() ?? this.ended();
    const word = words.find((w) => this.text.startsWith(w, this.at));
    if (word !== undefined) this.at += word.length;
    else if (!this.skip(numberPattern)) return this.unexpected();
    return this.ended();
  }

  private name(char: string | undefined): string | undefined {
    if (char === '}' && this.expects === 'name or }') return this.close();
    if (char !== '"') return this.unexpected();
    const problem = this.string();
    this.expects = 'colon';
    return problem;
  }

  private afterValue(char: string | undefined): string | undefined {
    const inside = this.open.at(-1);
    if (char === ',') return this.take(inside === '{' ? 'name' : 'value');
    if ((inside === '{' && char === '}') || (inside === '[' && char === ']')) return this.close();
    return this.unexpected();
  }

  private string(): string | undefined {
    this.at++;
    for (;;) {
      this.skip(plainText);
      const char = this.text[this.at];
      if (char === '"') {
        this.at++;
        return undefined;
      }
      if (char === undefined) return 'the text ends inside a string';
      if (char !== '\\') return 'a control character stands inside a string; it must be escaped';
      if (!this.skip(escaped)) return 'a backslash is followed by something that is no escape';
    }
  }

  private close(): undefined {
    this.open.pop();
    this.at++;
    this.ended();
  }

  private ended(): undefined {
    this.expects = 'comma or end';
    this.done = this.open.length === 0;
  }

  private take(next: Expects): undefined {
    this.at++;
    this.expects = next;
  }

  private skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.test(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  private wanted(): string {
    if (this.expects === 'comma or end') return this.open.at(-1) === '{' ? '`,` or `}`' : '`,` or `]`';
    if (this.expects === 'colon') return '`:`';
    if (this.expects === 'name') return 'a name in double quotes';
    if (this.expects === 'name or }') return 'a name in double quotes or `}`';
    return this.expects === 'value' ? 'a value' : 'a value or `]`';
  }

  private seen(): string {
    const code = this.text.codePointAt(this.at) ?? 0;
    const printable = code > 32 && code !== 127 && !(code >= 0xd800 && code <= 0xdfff);
    return printable ? `\`${String.fromCodePoint(code)}\`` : `character ${code}`;
  }

  private unexpected(): string {
    return `expected ${this.wanted()}, found ${this.seen()}`;
  }
}

/** Undefined when the text is JSON. */
export function findJsonFault(text: string): JsonFault | undefined {
  const scanner = new Scanner(text);
  const problem = scanner.run();
  if (problem === undefined) return undefined;
  const before = text.slice(0, scanner.position);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  return { position: scanner.position, line, column: scanner.position - lineStart + 1, problem };
}
