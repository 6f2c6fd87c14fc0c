import { ByteReader } from './byteReader.ts';

/**
 * The Native format as a server writes it for a client that names its protocol's version: each block begins with
 * some facts, and from one version on each column says that it is not encoded in a special way. The engine writes
 * neither, so the blocks are put together here, from its Buffers format, where each column's size is known.
 */
const customSerialization = 54454;

export interface Column {
  name: string;
  type: string;
}

/** No overflow rows, no bucket, end of the facts. */
const blockFacts = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]);

export async function* revisionBlocks(
  buffers: AsyncIterable<Uint8Array>,
  columns: readonly Column[],
  revision: number,
): AsyncIterable<Uint8Array> {
  const reader = new ByteReader(buffers);
  let blocks = 0;
  for (;;) {
    const head = await reader.take(16);
    if (head === undefined) break;
    blocks++;
    yield Buffer.concat([blockFacts, varint(columns.length), varint(Number(head.readBigUInt64LE(8)))]);
    for (const column of columns) {
      const size = await reader.take(8);
      if (size === undefined) throw new RangeError('The answer ends early');
      yield columnHead(column, revision);
      yield* reader.pass(Number(size.readBigUInt64LE(0)));
    }
  }
  // Without a row there is no block; the columns are told of all the same.
  if (blocks === 0) yield emptyBlock(columns, revision);
}

const emptyBlock = (columns: readonly Column[], revision: number): Buffer =>
  Buffer.concat([
    blockFacts,
    varint(columns.length),
    varint(0),
    ...columns.map((column) => columnHead(column, revision)),
  ]);

const columnHead = (column: Column, revision: number): Buffer =>
  Buffer.concat([
    text(column.name),
    text(column.type),
    Buffer.alloc(revision >= customSerialization ? 1 : 0),
  ]);

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80);
  return Buffer.from([...bytes, left]);
}
