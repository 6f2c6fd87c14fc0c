import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Column, RowWriter } from '../../src/projections/rowBinary.ts';
import { temporaryEngine } from '../support/engine.ts';

const columns: readonly Column[] = [
  { name: 'n', type: 'UInt64' },
  { name: 's', type: 'String' },
  { name: 'l', type: 'String', stored: 'LowCardinality(String)' },
  { name: 'u', type: 'UUID' },
  { name: 'f', type: 'Float64' },
  { name: 'd', type: 'Date' },
  { name: 't', type: "DateTime64(6, 'UTC')" },
  { name: 'm', type: 'Map(String, String)' },
  { name: 'a', type: 'Array(String)' },
];

describe('rows as the engine reads them', () => {
  let real: Awaited<ReturnType<typeof temporaryEngine>>;
  beforeAll(async () => {
    real = await temporaryEngine();
  });
  afterAll(() => real.close());

  it('every cell comes back as it was written', async () => {
    const wellFormed = fc.string({ unit: 'binary', maxLength: 300 }).map((s) => s.toWellFormed());
    const row = fc.tuple(
      fc.oneof(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      wellFormed,
      wellFormed,
      fc.uuid(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: 0, max: 60_000 }),
      fc.integer({ min: 0, max: 4_000_000_000_000_000 }).map((us) => us / 1000),
      fc.dictionary(wellFormed, wellFormed, { maxKeys: 5, noNullPrototype: true }),
      fc.array(wellFormed, { maxLength: 5 }),
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (rows) => {
        const table = `default.cells_${++round}`;
        const stored = columns.map((c) => `${c.name} ${c.stored ?? c.type}`).join(', ');
        await real.store.command(
          `CREATE TABLE ${table} (i UInt64 MATERIALIZED rowNumberInAllBlocks(), ${stored}) ENGINE = Memory`,
        );
        const writer = new RowWriter(columns, 16);
        for (const [n, s, l, u, f, d, t, m, a] of rows) {
          writer.uint64(n);
          writer.string(s);
          writer.string(l);
          writer.uuid(u);
          writer.float64(f);
          writer.date(d);
          writer.micros(t);
          writer.map(m);
          writer.strings(a);
          writer.endRow();
        }
        await real.store.insert({
          table,
          columns,
          rows: writer.bytes(),
          rowCount: rows.length,
          token: table,
        });
        const back = await real.store.query<Record<string, unknown>>(
          `SELECT toString(n) AS n, s, l, toString(u) AS u, f, toUInt16(d) AS d, toString(toUnixTimestamp64Micro(t)) AS t, m, a FROM ${table} ORDER BY i`,
        );
        const expected = rows.map(([n, s, l, u, f, d, t, m, a]) => ({
          n: String(n),
          s,
          l,
          u,
          f: f === 0 ? 0 : f,
          d,
          t: String(Math.round(t * 1000)),
          m: { ...m },
          a,
        }));
        expect(back.map((r) => ({ ...r, f: r.f === 0 ? 0 : r.f }))).toEqual(expected);
        await real.store.command(`DROP TABLE ${table}`);
      }),
      { numRuns: 30 },
    );
  });

  it('a row of the wrong length is refused before it can shift every cell behind it', () => {
    const writer = new RowWriter(columns);
    writer.uint64(1);
    expect(() => writer.endRow()).toThrow(RangeError);
    writer.rewind(0);
    expect(writer.bytes()).toHaveLength(0);
  });
});
