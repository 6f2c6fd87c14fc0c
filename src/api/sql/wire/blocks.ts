import { decompress as unZstd } from 'fzstd';
import { refuse } from '../errors.ts';
import { cityHash128 } from './cityHash.ts';
import { compressBlock, decompressBlock } from './lz4.ts';

/**
 * ClickHouse's own compression, which its drivers ask for with `compress=1`: blocks of checksum, method, both sizes
 * and data.
 */
const checksumBytes = 16;
const headerBytes = 9;
const lz4 = 0x82;
const zstd = 0x90;
const plain = 0x02;

/** Small enough that the event loop is free again after a few milliseconds. */
const rawBlockBytes = 64 * 1024;

export function encodeBlock(raw: Uint8Array): Uint8Array {
  const data = compressBlock(raw);
  const block = Buffer.allocUnsafe(checksumBytes + headerBytes + data.length);
  block[checksumBytes] = lz4;
  block.writeUInt32LE(data.length + headerBytes, checksumBytes + 1);
  block.writeUInt32LE(raw.length, checksumBytes + 5);
  block.set(data, checksumBytes + headerBytes);
  block.set(cityHash128(block.subarray(checksumBytes)), 0);
  return block;
}

export async function* encodeBlocks(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const chunk of evened(chunks)) {
    yield encodeBlock(chunk);
    await new Promise(setImmediate);
  }
}

/** The same bytes in chunks of one size, small enough that the event loop is soon free again. */
export async function* evened(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + rawBlockBytes - bytes);
      waiting.push(piece);
      bytes += piece.length;
      at += piece.length;
      if (bytes < rawBlockBytes) continue;
      yield Buffer.concat(waiting);
      waiting = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}

/** Undoes a request's blocks; refuses what is damaged or grows beyond `maxBytes`. */
export function decodeBlocks(body: Buffer, maxBytes: number): Buffer {
  const parts: Buffer[] = [];
  let total = 0;
  for (let at = 0; at < body.length; ) {
    if (at + checksumBytes + headerBytes > body.length) throw damaged('a block ends early');
    const size = body.readUInt32LE(at + checksumBytes + 1);
    const rawSize = body.readUInt32LE(at + checksumBytes + 5);
    const end = at + checksumBytes + size;
    if (size < headerBytes || end > body.length) throw damaged('a block ends early');
    total += rawSize;
    if (total > maxBytes) throw refuse('QUERY_IS_TOO_LARGE', `The request is longer than ${maxBytes} bytes`);
    const covered = body.subarray(at + checksumBytes, end);
    if (!body.subarray(at, at + checksumBytes).equals(cityHash128(covered))) {
      throw refuse('CHECKSUM_DOESNT_MATCH', "Checksum doesn't match: corrupted data");
    }
    parts.push(decode(covered[0] ?? 0, covered.subarray(headerBytes), rawSize));
    at = end;
  }
  return Buffer.concat(parts);
}

const damaged = (why: string) => refuse('CANNOT_DECOMPRESS', `Cannot decompress the request: ${why}`);

function decode(method: number, data: Uint8Array, rawSize: number): Buffer {
  let raw: Buffer;
  try {
    if (method === lz4) raw = decompressBlock(data, rawSize);
    else if (method === zstd) raw = Buffer.from(unZstd(data, new Uint8Array(rawSize)));
    else if (method === plain) raw = Buffer.from(data);
    else throw refuse('UNKNOWN_COMPRESSION_METHOD', `Unknown compression method ${method}`);
  } catch (error) {
    if (error instanceof Error && error.name === 'SqlError') throw error;
    throw damaged('a block is damaged');
  }
  if (raw.length !== rawSize) throw damaged('a block has another size than it says');
  return raw;
}
