import { isSign, isWord, type Token } from './tokens.ts';

export interface Tail {
  body: Token[];
  format: string | undefined;
  settings: Map<string, string>;
}

/**
 * Takes `FORMAT name` and `SETTINGS a = 1, …` from the end of a statement, for both are the door's business. What
 * stands elsewhere stays, and the check of the parsed statement refuses it.
 */
export function withoutTail(list: readonly Token[]): Tail {
  const tail: Tail = { body: [...list], format: undefined, settings: new Map() };
  while (takeFormat(tail) || takeSettings(tail));
  return tail;
}

function takeFormat(tail: Tail): boolean {
  const { body } = tail;
  const name = body.at(-1);
  if (body.length < 3 || name?.kind !== 'name' || !isWord(body.at(-2), 'FORMAT')) return false;
  if (isSign(body.at(-3), '.') || isSign(body.at(-3), ',')) return false;
  tail.format ??= name.value;
  body.length -= 2;
  return true;
}

function takeSettings(tail: Tail): boolean {
  const { body } = tail;
  const start = body.findLastIndex((t, i) => i > 0 && isWord(t, 'SETTINGS'));
  if (start === -1) return false;
  const settings = assignments(body.slice(start + 1));
  if (settings === undefined) return false;
  for (const [name, value] of settings) tail.settings.set(name, value);
  body.length = start;
  return true;
}

function assignments(list: readonly Token[]): [string, string][] | undefined {
  const found: [string, string][] = [];
  for (let i = 0; i < list.length; ) {
    const name = list[i];
    if (name?.kind !== 'name' || !isSign(list[i + 1], '=')) return undefined;
    const negative = isSign(list[i + 2], '-');
    const value = list[negative ? i + 3 : i + 2];
    if (value === undefined || !['string', 'number', 'name'].includes(value.kind)) return undefined;
    found.push([name.value, `${negative ? '-' : ''}${value.value}`]);
    i += negative ? 4 : 3;
    if (i < list.length && !isSign(list[i++], ',')) return undefined;
  }
  return found.length === 0 ? undefined : found;
}
