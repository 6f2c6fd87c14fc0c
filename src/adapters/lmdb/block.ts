import { promisify } from 'node:util';
import { crc32, deflateRaw, inflateRaw } from 'node:zlib';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { UpcastTable } from '../../domain/events/upcast.ts';
import { LogUnavailableError } from '../../projections/ports.ts';
import { fromColumns } from './columns.ts';

const deflate = promisify<Buffer, object, Buffer>(deflateRaw);
const inflate = promisify<Buffer, object, Buffer>(inflateRaw);

/** What can be known of a block without unpacking it. */
export interface BlockHead {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly minAt: number;
  readonly maxAt: number;
  /** Before compression. */
  readonly rawBytes: number;
}

const MAGIC = 0xc7;
const CODEC = 1;
const STORED = 0;
const DEFLATED = 1;
const CHECKSUM_AT = 44;
export const HEAD_BYTES = 48;

/** Compressing less than this costs more than the room that it saves; small blocks are merged later. */
const WORTH_COMPRESSING = 1_024;

export function headOf(events: readonly RecordedEvent[], rawBytes: number): BlockHead {
  const first = events[0] as RecordedEvent;
  const last = events.at(-1) as RecordedEvent;
  return {
    first: Number(first.position),
    last: Number(last.position),
    count: events.length,
    minAt: first.recordedAt,
    maxAt: last.recordedAt,
    rawBytes,
  };
}

/** Compression runs on libuv's pool; the main thread only writes the head. */
export async function sealBlock(head: BlockHead, raw: Buffer): Promise<Buffer> {
  const compress = raw.length >= WORTH_COMPRESSING;
  const payload = compress ? await deflate(raw, { level: 3, memLevel: 9, chunkSize: raw.length }) : raw;
  const block = Buffer.allocUnsafeSlow(HEAD_BYTES + payload.length);
  block[0] = MAGIC;
  block[1] = CODEC;
  block[2] = compress ? DEFLATED : STORED;
  block[3] = 0;
  block.writeUInt32LE(head.count, 4);
  block.writeDoubleLE(head.first, 8);
  block.writeUInt32LE(head.last - head.first, 16);
  block.writeUInt32LE(head.rawBytes, 20);
  block.writeDoubleLE(head.minAt, 24);
  block.writeDoubleLE(head.maxAt, 32);
  block.writeUInt32LE(0, 40);
  payload.copy(block, HEAD_BYTES);
  block.writeUInt32LE(checksum(block), CHECKSUM_AT);
  return block;
}

const checksum = (block: Buffer): number =>
  crc32(block.subarray(HEAD_BYTES), crc32(block.subarray(0, CHECKSUM_AT)));

export function readHead(block: Buffer): BlockHead {
  const first = block.readDoubleLE(8);
  return {
    first,
    last: first + block.readUInt32LE(16),
    count: block.readUInt32LE(4),
    minAt: block.readDoubleLE(24),
    maxAt: block.readDoubleLE(32),
    rawBytes: block.readUInt32LE(20),
  };
}

/** Whether these bytes are the block that the directory speaks of, and not one that took its place meanwhile. */
export function isBlockOf(head: BlockHead, block: Buffer): boolean {
  if (block.length < HEAD_BYTES) return false;
  const found = readHead(block);
  return found.last === head.last && found.count === head.count;
}

export const lostBlock = (file: string, head: BlockHead): LogUnavailableError =>
  new LogUnavailableError(
    'failed',
    `The event log in ${file} is damaged: the block at position ${head.first} is missing.`,
  );

export async function openBlock(block: Buffer, upcast: UpcastTable, where: string): Promise<RecordedEvent[]> {
  if (
    block.length < HEAD_BYTES ||
    block[0] !== MAGIC ||
    block.readUInt32LE(CHECKSUM_AT) !== checksum(block)
  ) {
    throw new LogUnavailableError(
      'failed',
      `The event log is damaged ${where}: a block's checksum is wrong.`,
    );
  }
  if (block[1] !== CODEC) {
    throw new LogUnavailableError(
      'failed',
      `The block ${where} has the form ${block[1]}, which a newer engine wrote; this one reads form ${CODEC}.`,
    );
  }
  const payload = block.subarray(HEAD_BYTES);
  // With room for all of it the pool is asked once, and not once for each 16 KiB.
  const raw =
    block[2] === DEFLATED ? await inflate(payload, { chunkSize: readHead(block).rawBytes + 64 }) : payload;
  return fromColumns(raw, upcast);
}
