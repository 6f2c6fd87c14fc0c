import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { ChronoscopeError } from '../../domain/errors.ts';
import { BodyTooLarge, unpackZstd } from './zstd.ts';

type Unpack = (input: Buffer, limit: number) => Promise<Buffer>;

const chunkSize = 128 * 1024;
const gunzipAsync = promisify(gunzip);
const inflateAsync = promisify(inflate);
const inflateRawAsync = promisify(inflateRaw);
const brotliAsync = promisify(brotliDecompress);

/** `deflate` means the zlib format, but some senders leave its two bytes of header away. */
const hasZlibHeader = (input: Buffer) =>
  input.length >= 2 && ((input[0] ?? 0) & 15) === 8 && input.readUInt16BE(0) % 31 === 0;

const unpackers: Readonly<Record<string, Unpack>> = {
  gzip: (input, limit) => gunzipAsync(input, { maxOutputLength: limit, chunkSize }),
  'x-gzip': (input, limit) => gunzipAsync(input, { maxOutputLength: limit, chunkSize }),
  deflate: (input, limit) =>
    (hasZlibHeader(input) ? inflateAsync : inflateRawAsync)(input, { maxOutputLength: limit, chunkSize }),
  br: (input, limit) => brotliAsync(input, { maxOutputLength: limit, chunkSize }),
  zstd: unpackZstd,
};

const contentEncodings: readonly string[] = ['gzip', 'zstd', 'br', 'deflate', 'identity'];

/** The unpacker that a Content-Encoding header asks for; undefined when there is nothing to unpack. */
export function unpackerFor(encoding: string | undefined): Unpack | undefined {
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return undefined;
  const unpack = Object.hasOwn(unpackers, name) ? unpackers[name] : undefined;
  if (unpack !== undefined) return checked(name, unpack);
  throw new ChronoscopeError(
    'CHR_UNSUPPORTED_MEDIA_TYPE',
    `Content-Encoding "${name.slice(0, 60)}" is not known; allowed: one of ${contentEncodings.join(', ')}.`,
  );
}

const tooLong = (error: unknown) =>
  error instanceof BodyTooLarge || (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';

const checked =
  (name: string, unpack: Unpack): Unpack =>
  async (input, limit) => {
    try {
      return await unpack(input, limit);
    } catch (error) {
      if (tooLong(error)) throw bodyTooLarge(limit, 'when unpacked');
      const reason = error instanceof Error ? error.message : String(error);
      throw new ChronoscopeError('CHR_BAD_ENCODING', `The body is not valid ${name}: ${reason}.`, {
        cause: error,
      });
    }
  };

export const bodyTooLarge = (limit: number, when: string): ChronoscopeError =>
  new ChronoscopeError('CHR_BODY_TOO_LARGE', `The body is over the limit of ${limit} bytes ${when}.`, {
    details: { limitBytes: limit },
  });
