import { compressBlock, decompressBlock } from './lz4.ts';

const magic = 0x184d2204;
const blockSizes = [0, 0, 0, 0, 64 << 10, 256 << 10, 1 << 20, 4 << 20];

/**
 * Undoes the LZ4 frames that some drivers put around a whole request. Checksums of blocks and content are passed over:
 * the statement behind them is checked more strictly than any sum could. Throws a RangeError at damage.
 */
export function decodeLz4Frame(frame: Buffer, maxBytes: number, tooLong: () => Error): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== magic) throw new RangeError('No LZ4 frame');
  const flags = frame[4] ?? 0;
  const blockSize = blockSizes[((frame[5] ?? 0) >> 4) & 7] ?? 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  const hasBlockChecksum = (flags & 0x10) !== 0;
  if (flags >> 6 !== 1 || blockSize === 0 || hasDictionary) throw new RangeError('Unknown kind of LZ4 frame');
  let out: Buffer = Buffer.alloc(0);
  let at = 7 + (hasContentSize ? 8 : 0);
  for (;;) {
    const word = frame.readUInt32LE(at);
    at += 4;
    if (word === 0) return out;
    const size = word & 0x7fffffff;
    const block = frame.subarray(at, at + size);
    if (block.length < size) throw new RangeError('LZ4 frame ends early');
    // A block may repeat what stands in those before it.
    out = word >>> 31 === 1 ? Buffer.concat([out, block]) : decompressBlock(block, blockSize, out);
    if (out.length > maxBytes) throw tooLong();
    at += size + (hasBlockChecksum ? 4 : 0);
  }
}

/** Version 1, independent blocks of at most 64 KiB, no checksums; the last byte is the sum of the two before it. */
const frameHead = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
const frameEnd = Buffer.alloc(4);

/** Puts chunks of at most 64 KiB into one frame. */
export async function* encodeLz4Frame(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield frameHead;
  for await (const chunk of chunks) {
    const packed = compressBlock(chunk);
    const smaller = packed.length < chunk.length;
    const size = Buffer.alloc(4);
    // The highest bit says that the block is as it was.
    size.writeUInt32LE(smaller ? packed.length : (chunk.length | 0x80000000) >>> 0);
    yield size;
    yield smaller ? packed : chunk;
  }
  yield frameEnd;
}
