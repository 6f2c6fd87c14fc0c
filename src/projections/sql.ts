import type { StoreLayout } from '../domain/storeLayout.ts';

/**
 * Values in SQL text. Reads are written as `sql` templates: what is interpolated becomes a literal, and only what
 * `raw` or `ident` made goes in as it is. (Bound parameters would be serialised over the whole process by the
 * embedded engine, so that one slow reader would hold up all others.)
 */

export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | boolean | bigint | Raw | readonly (string | number)[];

export function sql(strings: TemplateStringsArray, ...values: Value[]): string {
  let text = strings[0] ?? '';
  values.forEach((value, i) => {
    text += literal(value) + (strings[i + 1] ?? '');
  });
  return text;
}

/** A piece of SQL that the program wrote itself. */
export const raw = (text: string): Raw => new Raw(text);

/** Joins conditions that were made with `sql`; no condition at all is true. */
export const and = (conditions: readonly string[]): Raw =>
  new Raw(conditions.length === 0 ? '1' : conditions.map((c) => `(${c})`).join(' AND '));

export function literal(value: Value): string {
  if (value instanceof Raw) return value.text;
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`not a number that SQL can hold: ${value}`);
    return String(value);
  }
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return `[${value.map(literal).join(',')}]`;
}

const escapes: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

export function quote(text: string): string {
  // NUL would end the statement early in the engine's C interface.
  return `'${text.replace(/[\\'\0\n\r\t]/g, (c) => escapes[c] ?? c)}'`;
}

/** Epoch milliseconds, with microseconds behind the point, as a DateTime64(6) literal. */
export const time = (epochMs: number): Raw =>
  new Raw(`fromUnixTimestamp64Micro(${Math.round(epochMs * 1000)}, 'UTC')`);

/** Stands behind the name in a statement that every node of a cluster has to carry out. */
export const onCluster = ({ cluster }: StoreLayout): string =>
  cluster === undefined ? '' : ` ON CLUSTER ${quote(cluster)}`;
