import { z } from 'zod';
import type { Cursor } from '../../../projections/queries/pages.ts';
import { badParameter } from './select.ts';

const micro = z.int().min(0);
const written = z.tuple([micro, micro, micro, z.string().regex(/^\d{1,20}$/)]);

/** Opaque to clients: nobody should take it apart, and so it may change. */
export const cursorText = ({ from, to, micros, position }: Cursor): string =>
  Buffer.from(JSON.stringify([Math.round(from * 1_000), Math.round(to * 1_000), micros, position])).toString(
    'base64url',
  );

export function cursorOf(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  const parsed = written.safeParse(parsedJson(Buffer.from(text, 'base64url').toString('utf8')));
  if (!parsed.success || BigInt(parsed.data[3]) > 0xffff_ffff_ffff_ffffn) {
    throw badParameter({
      parameter: 'cursor',
      message: 'this is no cursor; give back `nextCursor` as it was',
    });
  }
  const [from, to, micros, position] = parsed.data;
  return { from: from / 1_000, to: to / 1_000, micros, position };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
