import { bytesOf, formOf, type HexForm, pack, unpackAll } from './hexColumn.ts';

/** One text field of many events. Codes: 0 absent, 1 a new value, 2 the newest value again, 3 the one before … */
export interface TextColumn {
  codes?: number[];
  /** Every event has this code when `codes` is absent. */
  all?: number;
  values?: string[];
  /** The values stand as bytes behind the JSON text. */
  hex?: HexForm;
  size: number;
}

/**
 * Names repeat all over a block and are looked up; identifiers repeat in a row at most, what one request sends
 * coming together, and looking up thousands of them would cost more than all else that is done to an event.
 */
export class TextWriter {
  private readonly codes: number[] = [];
  private readonly values: string[] = [];
  private readonly known: Map<string, number> | undefined;

  constructor(kind: 'names' | 'identifiers') {
    this.known = kind === 'names' ? new Map() : undefined;
  }

  add(value: string | undefined): void {
    this.codes.push(value === undefined ? 0 : this.codeOf(value));
  }

  private codeOf(value: string): number {
    const { values, known } = this;
    if (values.length > 0 && value === values[values.length - 1]) return 2;
    const index = known?.get(value);
    if (index !== undefined) return values.length - index + 1;
    known?.set(value, values.length);
    values.push(value);
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
    if (code === 1) return this.fresh++;
    return code === 0 ? -1 : this.fresh - code + 1;
  }

  next(): string | undefined {
    const index = this.nextIndex();
    return index < 0 ? undefined : this.values[index];
  }
}
