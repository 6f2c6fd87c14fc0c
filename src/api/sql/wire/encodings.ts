import { promisify } from 'node:util';
import {
  brotliDecompress,
  constants,
  createBrotliCompress,
  createDeflate,
  createGzip,
  gunzip,
  inflate,
} from 'node:zlib';
import { Decompress } from 'fzstd';
import { refuse } from '../errors.ts';
import { decodeLz4Frame } from './lz4Frame.ts';

/** Undoes a request's `Content-Encoding`; no encoding may blow a body up beyond `maxBytes`. */
export async function decodeBody(body: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const options = { maxOutputLength: maxBytes };
  try {
    switch (encoding) {
      case '':
      case 'identity':
        return body;
      case 'gzip':
      case 'x-gzip':
        return await promisify(gunzip)(body, options);
      case 'deflate':
        return await promisify(inflate)(body, options);
      case 'br':
        return await promisify(brotliDecompress)(body, options);
      case 'zstd':
        return unZstd(body, maxBytes);
      case 'lz4':
        return decodeLz4Frame(body, maxBytes, () => tooLong(maxBytes));
    }
  } catch (error) {
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (tooLarge) throw tooLong(maxBytes);
    if (error instanceof Error && error.name === 'SqlError') throw error;
    throw refuse('CANNOT_DECOMPRESS', `The body is not ${encoding}, as its Content-Encoding says`);
  }
  throw refuse(
    'UNSUPPORTED_MEDIA_TYPE',
    `Content-Encoding ${encoding} is not supported: gzip, deflate, br, zstd, lz4`,
  );
}

const tooLong = (maxBytes: number) =>
  refuse('QUERY_IS_TOO_LARGE', `The request is longer than ${maxBytes} bytes`);

function unZstd(body: Buffer, maxBytes: number): Buffer {
  const parts: Uint8Array[] = [];
  let total = 0;
  const stream = new Decompress((chunk) => {
    total += chunk.length;
    if (total > maxBytes) throw tooLong(maxBytes);
    parts.push(chunk);
  });
  stream.push(body, true);
  return Buffer.concat(parts);
}

const responseEncodings = ['gzip', 'br', 'deflate', 'lz4'] as const;

export type ResponseEncoding = (typeof responseEncodings)[number];

/** The first of ours that the client takes. */
export function chosenEncoding(acceptEncoding: string): ResponseEncoding | undefined {
  const accepted = new Set(
    acceptEncoding
      .toLowerCase()
      .split(',')
      .map((item) => item.trim())
      .filter((item) => !/;\s*q=0(?:\.0*)?$/.test(item))
      .map((item) => item.split(';')[0]?.trim()),
  );
  return accepted.has('*') ? 'gzip' : responseEncodings.find((encoding) => accepted.has(encoding));
}

export function encoder(encoding: Exclude<ResponseEncoding, 'lz4'>) {
  if (encoding === 'gzip') return createGzip({ level: 3 });
  if (encoding === 'deflate') return createDeflate({ level: 3 });
  return createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
}
