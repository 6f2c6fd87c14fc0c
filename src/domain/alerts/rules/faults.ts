/** One thing that is wrong in a rules file; line and column count from 1. */
export interface RuleFault {
  line: number;
  column: number;
  /** `rules[3].critical.above`; empty when it is about the text as a whole. */
  path: string;
  /** Goes on where the path ends: `is "10 percent"; write a number such as 0.1, or 10%`. */
  message: string;
}

/** A place in the text, by characters from its start and by the keys that lead to it. */
export interface Spot {
  at: number;
  path: string;
}

export const mostFaults = 50;

/** Collects what is wrong, so that a file is told all of its faults at once. */
export class Faults {
  readonly #found: (Spot & { message: string })[] = [];

  /** Answers undefined, which is what a reader answers for a value that it cannot take. */
  add({ at, path }: Spot, message: string): undefined {
    this.#found.push({ at, path, message });
  }

  get some(): boolean {
    return this.#found.length > 0;
  }

  /** The first ones, each once, in the order of the text. */
  list(placeOf: (at: number) => { line: number; column: number }): RuleFault[] {
    const ordered = this.#found.toSorted((a, b) => a.at - b.at);
    const told = new Map(ordered.map((fault) => [JSON.stringify(fault), fault]));
    return [...told.values()]
      .slice(0, mostFaults)
      .map(({ at, path, message }) => ({ ...placeOf(at), path, message }));
  }
}

/** `line 12, column 13: rules[3].critical.above is "10 percent"; write a number such as 0.1, or 10%` */
export const faultText = ({ line, column, path, message }: RuleFault): string =>
  `line ${line}, column ${column}: ${path === '' ? '' : `${path} `}${message}`;

export const keyPath = (path: string, key: string): string => {
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key.slice(0, 60).toWellFormed())}]`;
  return path === '' ? key : `${path}.${key}`;
};
