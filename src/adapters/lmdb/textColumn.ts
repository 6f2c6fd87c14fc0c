import { bytesOf, formOf, type HexForm, pack, unpackAll } from './hexColumn.ts';

/** One text field of many events. Codes: 0 absent, 1 the next new value, 2 and more an earlier value. */
export interface TextColumn {
  codes?: number[];
  /** Every event has this code when `codes` is absent. */
  all?: number;
  values?: string[];
  /** The values stand as bytes behind the JSON text. */
  hex?: HexForm;
  size: number;
}

export class TextWriter {
  private readonly codes: number[] = [];
  private readonly known = new Map<string, number>();
  private readonly values: string[] = [];
  private last: string | undefined;
  private lastCode = 0;

  add(value: string | undefined): void {
    // What one request sends comes in a row, and comparing is cheaper than looking up.
    if (value === this.last) {
      this.codes.push(this.lastCode);
      return;
    }
    this.last = value;
    this.codes.push(this.codeOf(value));
  }

  private codeOf(value: string | undefined): number {
    if (value === undefined) {
      this.lastCode = 0;
      return 0;
    }
    const index = this.known.get(value);
    this.lastCode = (index ?? this.values.length) + 2;
    if (index !== undefined) return this.lastCode;
    this.known.set(value, this.values.length);
    this.values.push(value);
    return 1;
  }

  finish(packed: Uint8Array[]): TextColumn {
    const { values } = this;
    const column: TextColumn = { size: values.length, ...shorten(this.codes) };
    const hex = values[0] === undefined ? undefined : formOf(values[0]);
    const bytes = hex && packAll(hex, values);
    if (hex === undefined || bytes === undefined) return { ...column, values };
    packed.push(bytes);
    return { ...column, hex };
  }
}

/** A lone value has the code 1 first and 2 from then on, so that only "absent" and "always new" are uniform. */
function shorten(codes: number[]): Pick<TextColumn, 'codes' | 'all'> {
  const first = codes[0] ?? 0;
  return codes.every((code) => code === first) ? { all: first } : { codes };
}

function packAll(form: HexForm, values: readonly string[]): Uint8Array | undefined {
  const bytes = new Uint8Array(values.length * bytesOf[form]);
  return values.every((value, i) => pack(form, value, bytes, i * bytesOf[form])) ? bytes : undefined;
}

/** Gives the values back in order, one event after another. */
export class TextReader {
  readonly values: readonly string[];
  private readonly codes: readonly number[] | undefined;
  private readonly all: number;
  private at = 0;
  private fresh = 0;

  constructor(column: TextColumn, take: (bytes: number) => Uint8Array) {
    this.codes = column.codes;
    this.all = column.all ?? 0;
    this.values =
      column.hex === undefined
        ? (column.values ?? [])
        : unpackAll(column.hex, take(column.size * bytesOf[column.hex]), column.size);
  }

  /** The index among `values`, or -1 when the event has none. */
  nextIndex(): number {
    const code = this.codes === undefined ? this.all : (this.codes[this.at++] as number);
    if (code > 1) return code - 2;
    return code === 0 ? -1 : this.fresh++;
  }

  next(): string | undefined {
    const index = this.nextIndex();
    return index < 0 ? undefined : this.values[index];
  }
}
