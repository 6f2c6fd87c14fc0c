import { Readable } from 'node:stream';
import type { BodyHeaders, BodyLimits } from '../../src/api/http/bodies.ts';
import { createBodyReader } from '../../src/api/http/bodies.ts';

const freeLease = { grow() {}, release() {} };

/** Reads a body as the server would, without one. */
export const readBytes = (
  bytes: Uint8Array,
  headers: BodyHeaders,
  limits: BodyLimits = { maxBodyBytes: 1 << 20, maxUnpackedBytes: 1 << 20 },
): Promise<Buffer> => createBodyReader(limits)(Readable.from([Buffer.from(bytes)]), headers, freeLease);
