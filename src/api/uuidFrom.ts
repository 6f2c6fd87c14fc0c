import { createHash } from 'node:crypto';
import { uuidFromBytes, uuidToBytes } from '../domain/uuid.ts';

const namespace = uuidToBytes('6f1d8c1e-3f0a-5b7e-9c52-0d6f2f6b8f11');

/** RFC 9562 version 5: the same UUID for the same text, always and everywhere. */
export function uuidFrom(text: string): string {
  const bytes = createHash('sha1').update(namespace).update(text, 'utf8').digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return uuidFromBytes(bytes);
}
