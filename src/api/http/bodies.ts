import type { Readable } from 'node:stream';
import { ChronoscopeError } from '../../domain/errors.ts';
import { findJsonFault } from '../../domain/jsonFault.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { ByteLease } from '../ingestLimits.ts';
import { bodyTooLarge, unpackerFor } from './decompress.ts';

export interface BodyLimits {
  /** As it comes over the wire. */
  maxBodyBytes: number;
  /** After decompression. */
  maxUnpackedBytes: number;
}

export const defaultBodyLimits: BodyLimits = {
  maxBodyBytes: 8 * 1024 * 1024,
  maxUnpackedBytes: 16 * 1024 * 1024,
};

export interface BodyHeaders {
  'content-type'?: string | undefined;
  'content-encoding'?: string | undefined;
  'content-length'?: string | undefined;
}

function declaredLength(headers: BodyHeaders, limits: BodyLimits): number | undefined {
  const declared = headers['content-length'];
  if (declared === undefined) return undefined;
  const length = Number(declared);
  if (length > limits.maxBodyBytes) throw bodyTooLarge(limits.maxBodyBytes, 'as sent');
  return length;
}

async function readAll(stream: Readable, limits: BodyLimits, lease: ByteLease): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Not destroyed on the way out: the server still has to answer on this socket.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > limits.maxBodyBytes) throw bodyTooLarge(limits.maxBodyBytes, 'as sent');
    lease.grow(bytes.length);
    chunks.push(bytes);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size);
}

/** Lets so many run at once; the others wait their turn. */
function limitParallel(parallel: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= parallel) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}

export type ReadBody = (stream: Readable, headers: BodyHeaders, lease: ByteLease) => Promise<Buffer>;

// While a body is unpacked its size is unknown: this bounds how many unknown ones there are at a time.
const unpackedAtOnce = 4;

/** Reads whole bodies and unpacks them. What is over a limit is refused before it is kept. */
export function createBodyReader(limits: BodyLimits): ReadBody {
  const inTurn = limitParallel(unpackedAtOnce);
  return async (stream, headers, lease) => {
    const unpack = unpackerFor(headers['content-encoding']);
    const declared = declaredLength(headers, limits);
    const packed = await readWhole(stream, limits, lease);
    if (declared !== undefined && packed.length !== declared) throw endedEarly();
    if (unpack === undefined) return packed;
    return inTurn(async () => {
      const body = await unpack(packed, limits.maxUnpackedBytes);
      lease.grow(body.length);
      return body;
    });
  };
}

const endedEarly = () =>
  new ChronoscopeError('CHR_INVALID_REQUEST', 'The body ended before it was complete.');

async function readWhole(stream: Readable, limits: BodyLimits, lease: ByteLease): Promise<Buffer> {
  try {
    return await readAll(stream, limits, lease);
  } catch (error) {
    if (error instanceof ChronoscopeError) throw error;
    // The sender went away in the middle: nobody reads the answer, but it is no fault of ours.
    throw endedEarly();
  }
}

/** Text of a body, without a byte order mark. JSON is UTF-8 by definition; other charsets are refused. */
export function textOf(body: Buffer, charset: string | undefined): string {
  const name = (charset ?? 'utf-8').toLowerCase();
  if (name !== 'utf-8' && name !== 'utf8' && name !== 'us-ascii')
    throw new ChronoscopeError(
      'CHR_UNSUPPORTED_MEDIA_TYPE',
      `The charset "${name.slice(0, 40)}" is not known; send UTF-8.`,
    );
  const text = body.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

const where = (text: string): string => {
  const fault = findJsonFault(text);
  if (fault === undefined) return 'it is nested too deeply';
  const { problem, position, line, column } = fault;
  const place = line > 1 ? `line ${line}, column ${column}` : `column ${column}`;
  return `${problem} at position ${position} (${place})`;
};

// Depth costs memory in the parser, many times what the text takes; ordinary bodies have two openers an event.
const checkedFrom = 256 * 1024;
const maxOpeners = 400_000;

function hasTooManyParts(text: string): boolean {
  if (text.length < checkedFrom) return false;
  let openers = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code === 0x5b || code === 0x7b) && ++openers > maxOpeners) return true;
  }
  return false;
}

export function parseJson(text: string): unknown {
  if (hasTooManyParts(text))
    throw new ChronoscopeError('CHR_BODY_TOO_LARGE', 'The body holds too many objects and lists.');
  try {
    return JSON.parse(text);
  } catch {
    throw new ChronoscopeError('CHR_INVALID_JSON', `The body is not JSON: ${where(text)}.`);
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return new Refusal('CHR_INVALID_JSON', `the line is not JSON: ${where(line)}`);
  }
}

const isBlank = (line: string) => /^\s*$/.test(line);

/** One item for each line that is not blank; a line that is no JSON is refused alone, in its place. */
export function parseLines(text: string, maxLines: number): unknown[] {
  if (hasTooManyParts(text))
    throw new ChronoscopeError('CHR_BODY_TOO_LARGE', 'The body holds too many objects and lists.');
  const items: unknown[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    if (isBlank(line)) continue;
    if (items.length === maxLines)
      throw new ChronoscopeError('CHR_BODY_TOO_LARGE', `The body holds more than ${maxLines} events.`, {
        details: { maxEvents: maxLines },
      });
    items.push(parseLine(line));
  }
  return items;
}
