import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromEngine, httpStatus, refuse } from '../../../src/api/sql/errors.ts';
import { allowedFunctionNames, functionTable } from '../../../src/api/sql/functions/allowed.ts';
import { isLinear } from '../../../src/api/sql/guard/patterns.ts';
import { withoutTail } from '../../../src/api/sql/guard/tail.ts';
import { join, tokens } from '../../../src/api/sql/guard/tokens.ts';
import { readTree } from '../../../src/api/sql/guard/tree.ts';
import { Turns } from '../../../src/api/sql/turns.ts';
import { decodeBlocks, encodeBlock } from '../../../src/api/sql/wire/blocks.ts';
import { cityHash128 } from '../../../src/api/sql/wire/cityHash.ts';
import { compressBlock, decompressBlock } from '../../../src/api/sql/wire/lz4.ts';
import { decodeLz4Frame, encodeLz4Frame } from '../../../src/api/sql/wire/lz4Frame.ts';
import { revisionBlocks } from '../../../src/api/sql/wire/revision.ts';

describe('CityHash128', () => {
  // From the reference implementation, of bytes 0, 1, 2 … modulo 251.
  test.each([
    [0, '2b9ac064fc9df03d291ee592c340b53c'],
    [1, '2264de61ab714ba07039e237496868f7'],
    [3, 'c20a85b02619dc106f0edd5cad0dc280'],
    [4, 'dca1f5ffc72b2ee6bec2ef4c186c163f'],
    [7, '162bcb0c29db38aada57521ac2344a68'],
    [8, '82861e4e98e8bfd011c67fcfa0415156'],
    [9, '3a63897c60dcdb629bdd48f3c6594d85'],
    [15, '10cfdd9fbb5688045fbb7767dd014d0c'],
    [16, '45f9c277e6adce17dcfec87506d69e57'],
    [17, 'f10f31fb30e8128137d74fc609ad72c9'],
    [31, 'c9f5284b32a05e69272b88adc3d22843'],
    [32, '1d560b670c5971fe305a874f465b8f49'],
    [63, '7d488241318e7a0875e1d2c00c8ca30d'],
    [64, 'd051d82f50a0d983223fa63e34738071'],
    [127, 'c6eecaaca0ef9c6e18a7e666ba8b8156'],
    [128, '905592545b03ef7d3890ca4a5c7634de'],
    [129, '344e348b818966942120fb266c69af5b'],
    [200, 'fdb6239e697457279c28e7eb01ef8256'],
    [255, 'cbaf02e927ad3585d58f95e305ff9137'],
    [256, '924ca0e127392e8a0a36a8cf7119772b'],
    [1000, '450f243c877c37445d221cca06d1a19d'],
    [70000, '09bd4bb2ec5f5a1805b969b73b93a7be'],
  ])('of %i bytes', (size, expected) => {
    const bytes = Uint8Array.from({ length: size }, (_, i) => i % 251);
    expect(Buffer.from(cityHash128(bytes)).toString('hex')).toBe(expected);
  });
});

/** Bytes that repeat, as text and columns do, and bytes that do not. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc
    .array(fc.constantFrom('alpha', 'beta', '\n', '12', ','), { maxLength: 2000 })
    .map((list) => Buffer.from(list.join(''))),
);

describe('compression', () => {
  test('what was compressed comes back', () => {
    fc.assert(
      fc.property(bytes, (raw) => {
        expect(Buffer.compare(decompressBlock(compressBlock(raw), raw.length), raw)).toBe(0);
        expect(Buffer.compare(decodeBlocks(Buffer.from(encodeBlock(raw)), 1 << 20), raw)).toBe(0);
      }),
    );
  });

  test('frames come back, and damaged ones fail cleanly', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), async (raw, at, change) => {
        const parts: Uint8Array[] = [];
        for await (const part of encodeLz4Frame(once(raw))) parts.push(part);
        const frame = Buffer.concat(parts);
        const tooLong = () => new RangeError('too long');
        expect(Buffer.compare(decodeLz4Frame(frame, 1 << 20, tooLong), raw)).toBe(0);
        frame[at % frame.length] = (frame[at % frame.length] ?? 0) ^ change;
        try {
          decodeLz4Frame(frame, 1 << 20, tooLong);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

async function* once(...chunks: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

test('Native for a protocol version is put together from any cut of the buffers', async () => {
  const buffers = Buffer.concat([
    u64(2),
    u64(3),
    u64(3),
    Buffer.from([1, 2, 3]),
    u64(6),
    Buffer.from('\x01a\x01b\x01c'),
  ]);
  const columns = [
    { name: 'n', type: 'UInt8' },
    { name: 's', type: 'String' },
  ];
  const write = async (size: number, revision: number) => {
    const cut = Array.from({ length: Math.ceil(buffers.length / size) }, (_, i) =>
      buffers.subarray(i * size, i * size + size),
    );
    const parts: Uint8Array[] = [];
    for await (const part of revisionBlocks(once(...cut), columns, revision)) parts.push(part);
    return Buffer.concat(parts).toString('latin1');
  };
  const facts = '\x01\x00\x02\xff\xff\xff\xff\x00';
  expect(await write(1000, 54460)).toBe(
    `${facts}\x02\x03\x01n\x05UInt8\0\x01\x02\x03\x01s\x06String\0\x01a\x01b\x01c`,
  );
  expect(await write(1, 54460)).toBe(await write(1000, 54460));
  expect(await write(7, 54405)).toBe(
    `${facts}\x02\x03\x01n\x05UInt8\x01\x02\x03\x01s\x06String\x01a\x01b\x01c`,
  );
});

const u64 = (value: number): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
};

describe('patterns that take the square of a text', () => {
  test.each([
    "'[0-9]+'",
    "'id=\\\\w+'",
    "'a{1,9}b'",
    "'(\\\\d+)'",
    "'x|y+'",
    "'[*+]x'",
    "'\\\\*x'",
    "'a+?'",
    "'^a.*$'",
  ])('%s does not', (pattern) => {
    expect(isLinear(pattern)).toBe(true);
  });
  test.each([
    "'x*y|x'",
    "'(x+x+)+y'",
    "'a+b'",
    "'(a|b)*c'",
    "'.*a'",
    "'(a+|b)c'",
    "'a{2,}b'",
    "'(?:a+)b'",
    'UInt64_1',
    "'a+b' (alias p)",
  ])('%s does, or cannot be known', (pattern) => {
    expect(isLinear(pattern)).toBe(false);
  });
});

describe('the reader of statements', () => {
  test('reads what it wrote', () => {
    const sql =
      "SELECT a.b, `x\\`y`, 'it\\'s', {p:Array(String)}, -1.5e3, x -> x::Int8 FROM t WHERE NOT (a != 1)";
    expect(tokens(join(tokens(sql))).map((t) => t.value)).toEqual(tokens(sql).map((t) => t.value));
  });

  test('refuses what it does not know', () => {
    expect(() => tokens('SELECT $$x$$')).toThrow('Cannot read');
    expect(() => tokens("SELECT 'open")).toThrow('Cannot read');
  });

  test('takes format and settings from the end alone', () => {
    const tail = withoutTail(tokens("SELECT 1 SETTINGS a = 1, b = 'x' FORMAT JSON SETTINGS c = -2"));
    expect([join(tail.body), tail.format, [...tail.settings]]).toEqual([
      'SELECT 1',
      'JSON',
      [
        ['c', '-2'],
        ['a', '1'],
        ['b', 'x'],
      ],
    ]);
    expect(join(withoutTail(tokens('SELECT 1 SETTINGS a = 1 UNION ALL SELECT 2')).body)).toContain(
      'SETTINGS',
    );
  });

  test('reads a tree by its indentation', () => {
    const tree = readTree(
      "Function plus (alias x) (children 1)\n ExpressionList (children 2)\n  Identifier a.b\n  Literal 'c (children 9)'\n",
    );
    expect(tree).toMatchObject({
      kind: 'Function',
      label: 'plus',
      children: [{ children: [{ label: 'a.b' }, { kind: 'Literal' }] }],
    });
  });
});

describe('functions', () => {
  const fact = { caseInsensitive: false, aliasTo: '', higherOrder: false, aggregate: false };
  const table = functionTable([
    { ...fact, name: 'file' },
    { ...fact, name: 'sum', caseInsensitive: true, aggregate: true },
    { ...fact, name: 'substring', caseInsensitive: true },
    { ...fact, name: 'mid', caseInsensitive: true, aliasTo: 'substring' },
    { ...fact, name: 'reader', aliasTo: 'file' },
  ]);
  test.each([
    ['sum', 'allowed'],
    ['SUM', 'allowed'],
    ['sumIf', 'allowed'],
    ['sumArrayIfOrNull', 'allowed'],
    ['MID', 'allowed'],
    ['file', 'forbidden'],
    ['fileIf', 'forbidden'],
    ['reader', 'forbidden'],
    ['somethingNew', 'unknown'],
    ['If', 'unknown'],
  ])('%s is %s', (name, verdict) => {
    expect(table.verdict(name)).toBe(verdict);
  });

  test('none that reads, writes, waits or tells of the machine is among the allowed', () => {
    const never =
      /^(?:file$|filesystem|dictGet|joinGet|sleep|getMacro|getServer|hostName|FQDN|serverUUID|addressTo|demangle|catboost|showCertificate|executable|url$|remote|s3|hasColumnInTable|getOSKernel|tcpPort|ai[A-Z]|logTrace|throwIf|eval|region[A-Z]|lemmatize|synonyms|getClientHTTPHeader)/;
    expect(allowedFunctionNames.filter((name) => never.test(name))).toEqual([]);
  });
});

describe('errors', () => {
  test.each([
    ['Code: 62. DB::Exception: Syntax error: x. (SYNTAX_ERROR)', 62, 'SYNTAX_ERROR', 'Syntax error: x'],
    [
      'Query failed: Code: 164. DB::Exception: Code: 164. DB::Exception: No. (READONLY) (version 26.7.2.1). (READONLY)',
      164,
      'READONLY',
      'No',
    ],
    ['something else', 1001, 'STD_EXCEPTION', 'The engine failed'],
  ])('%s', (text, code, codeName, message) => {
    expect(fromEngine(text)).toMatchObject({ code, codeName, message });
  });

  test('are worded as a server words them', () => {
    expect(refuse('UNKNOWN_TABLE', 'No table').wire('1.2')).toBe(
      'Code: 60. DB::Exception: No table. (UNKNOWN_TABLE) (version 1.2 (official build))\n',
    );
    expect([516, 194, 60, 62, 159, 202, 497, 48, 66, 49].map(httpStatus)).toEqual([
      403, 401, 404, 400, 408, 503, 403, 501, 413, 500,
    ]);
  });
});

describe('turns', () => {
  const never = new AbortController().signal;
  test('are given in order, and never more than agreed', async () => {
    const turns = new Turns({ atWork: 1, waiting: 2, waitMs: 60_000 });
    const order: number[] = [];
    const end = await turns.take(never);
    const wait = async (name: number) => {
      const done = await turns.take(never);
      order.push(name);
      done();
    };
    const second = wait(2);
    const third = wait(3);
    await expect(turns.take(never)).rejects.toMatchObject({ code: 202 });
    end();
    end();
    await Promise.all([second, third]);
    expect(order).toEqual([2, 3]);
    (await turns.take(never))();
  });

  test('are given up by who goes away', async () => {
    const turns = new Turns({ atWork: 1, waiting: 1, waitMs: 60_000 });
    const end = await turns.take(never);
    const gone = new AbortController();
    const waiting = turns.take(gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 394 });
    end();
    (await turns.take(never))();
  });
});
