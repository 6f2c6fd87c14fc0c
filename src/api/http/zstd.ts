import { createContext, runInContext } from 'node:vm';
import * as zlib from 'node:zlib';
import { Decompress, decompress } from 'fzstd';

/** More came out than is allowed; nothing beyond the limit was kept. */
export class BodyTooLarge extends Error {
  constructor(limit: number) {
    super(`more than ${limit} bytes`);
    this.name = 'BodyTooLarge';
  }
}

/** A sender that needs a larger window than this has chosen `--long` or `--ultra` on purpose. */
const maxWindow = 8 * 1024 * 1024;
const magic = 0xfd2fb528;

interface Frame {
  bytes: Uint8Array;
  contentSize: number | undefined;
}

const invalid = (why: string) => new Error(`this is not valid zstd: ${why}`);

/** What a frame's header says of its size; nothing is allocated before these figures are known to be sane. */
function header(view: DataView): { length: number; contentSize: number | undefined; checksum: number } {
  const flags = view.getUint8(4);
  const single = (flags >> 5) & 1;
  const dictionary = [0, 1, 2, 4][flags & 3] ?? 0;
  if (dictionary > 0) throw invalid('it needs a dictionary');
  const sizeBytes = [single, 2, 4, 8][flags >> 6] ?? 0;
  const at = single ? 5 : 6;
  const contentSize = sizeBytes === 0 ? undefined : readSize(view, at, sizeBytes);
  const descriptor = single ? 0 : view.getUint8(5);
  const base = 2 ** (10 + (descriptor >> 3));
  const window = single ? 0 : base + (base / 8) * (descriptor & 7);
  if (window > maxWindow) throw invalid(`its window of ${window} bytes is over ${maxWindow}`);
  return { length: at + sizeBytes, contentSize, checksum: (flags >> 2) & 1 ? 4 : 0 };
}

function readSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  return bytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** Where the frame at the start of `view` ends, found from the lengths that its blocks carry. */
function frameEnd(view: DataView, start: number, checksum: number): number {
  let at = start;
  for (;;) {
    const head = view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16);
    const repeated = ((head >> 1) & 3) === 1;
    at += 3 + (repeated ? 1 : head >> 3);
    if (head & 1) break;
  }
  if (at + checksum > view.byteLength) throw invalid('it ends too early');
  return at + checksum;
}

function framesOf(input: Uint8Array, limit: number): Frame[] {
  const frames: Frame[] = [];
  let at = 0;
  let total = 0;
  while (at < input.length) {
    const view = new DataView(input.buffer, input.byteOffset + at, input.length - at);
    const start = view.getUint32(0, true);
    // A skippable frame: four bytes of length, and nothing of ours.
    if (start >>> 4 === 0x184d2a5) {
      at += 8 + view.getUint32(4, true);
      continue;
    }
    if (start !== magic) throw invalid('it does not begin as it should');
    const { length, contentSize, checksum } = header(view);
    total += contentSize ?? 0;
    if (total > limit) throw new BodyTooLarge(limit);
    const end = frameEnd(view, length, checksum);
    frames.push({ bytes: input.subarray(at, at + end), contentSize });
    at += end;
  }
  if (at > input.length || frames.length === 0) throw invalid('it ends too early');
  return frames;
}

function unpackFrame({ bytes, contentSize }: Frame, limit: number): Uint8Array[] {
  if (contentSize !== undefined) return [decompress(bytes)];
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream = new Decompress((chunk) => {
    size += chunk.length;
    if (size > limit) throw new BodyTooLarge(limit);
    chunks.push(chunk);
  });
  stream.push(bytes, true);
  return chunks;
}

function unpack(input: Uint8Array, limit: number): Buffer {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (const frame of framesOf(input, limit)) {
    for (const chunk of unpackFrame(frame, limit - size)) {
      size += chunk.length;
      if (size > limit) throw new BodyTooLarge(limit);
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks, size);
}

/**
 * The decoder in JavaScript bounds what it writes, but not the time that a malicious block can make it spin. Only
 * the virtual machine can interrupt it.
 */
function withinTime<T>(milliseconds: number, work: () => T): T {
  const context = createContext({ work });
  return runInContext('work()', context, { timeout: milliseconds }) as T;
}

const allowedTime = (limit: number) => Math.round(250 + limit / 50_000);

type NativeUnpack = (
  input: Uint8Array,
  options: { maxOutputLength: number },
  done: (error: Error | null, result: Buffer) => void,
) => void;

/** Node has its own decoder from 22.15 on; before that a library does the work. */
export function unpackZstd(input: Uint8Array, limit: number): Promise<Buffer> {
  const native = (zlib as { zstdDecompress?: NativeUnpack }).zstdDecompress;
  if (native === undefined)
    return Promise.resolve().then(() => withinTime(allowedTime(limit), () => unpack(input, limit)));
  return new Promise((resolve, reject) => {
    native(input, { maxOutputLength: limit }, (error, result) => (error ? reject(error) : resolve(result)));
  });
}
