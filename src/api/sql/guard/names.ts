import { refuse } from '../errors.ts';
import type { FunctionTable } from '../functions/allowed.ts';
import { isShadowed, shadowOf } from './systemTables.ts';
import { chains, isSign, isWord, type Token } from './tokens.ts';

export interface NameRules {
  functions: FunctionTable;
  /** Databases that must not be named, in small letters. */
  hiddenDatabases: ReadonlySet<string>;
  /** Columns of the views: such a name may also be a forbidden function's. */
  columns: ReadonlySet<string>;
}

/** Names that the statement gives. */
export const aliases = (list: readonly Token[]): Set<string> =>
  new Set(list.filter((t, i) => t.kind === 'name' && isWord(list[i - 1], 'AS')).map((t) => t.value));

// Control, format, surrogate and unassigned characters and line separators: nothing that a reader could not see.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

/**
 * Looks at every name of the statement, wherever it stands. The engine takes a bare name for a function in places
 * where its syntax tree shows none (`arrayMap(file, …)`, `* APPLY file`), so a forbidden function must not even be named.
 */
export function checkNames(list: readonly Token[], rules: NameRules): void {
  for (const token of list) {
    if (token.kind === 'name' && unseen.test(token.value)) {
      throw refuse('SYNTAX_ERROR', 'A name holds a character that cannot be seen');
    }
  }
  if (list.some((t, i) => isWord(t, 'INTO') && isWord(list[i + 1], 'OUTFILE'))) {
    throw refuse('ACCESS_DENIED', 'INTO OUTFILE is not allowed here');
  }
  const known = new Set([...rules.columns, ...aliases(list)]);
  for (const { at, names } of chains(list)) {
    const [first, ...others] = names;
    if (first === undefined) continue;
    if (others.length > 0) checkDatabase(first.value, others[0]?.value ?? '', rules);
    else if (rules.functions.isForbiddenValue(first.value)) checkBareName(list, at, first, known);
  }
}

function checkDatabase(name: string, table: string, rules: NameRules): void {
  if (!rules.hiddenDatabases.has(name.toLowerCase()) || isShadowed(name, table)) return;
  if (shadowOf(name) !== undefined)
    throw refuse('UNKNOWN_TABLE', `Table ${name}.${table} cannot be read here`);
  throw refuse('UNKNOWN_DATABASE', `Database ${name} does not exist`);
}

function checkBareName(list: readonly Token[], at: number, name: Token, known: ReadonlySet<string>): void {
  const called = isSign(list[at + 1], '(');
  const applied =
    isWord(list[at - 1], 'APPLY') || (isSign(list[at - 1], '(') && isWord(list[at - 2], 'APPLY'));
  if (called || applied || !known.has(name.value)) throw forbiddenFunction(name.value);
}

export const forbiddenFunction = (name: string) =>
  refuse('ACCESS_DENIED', `Function ${name} is not among those that may be called here`);
