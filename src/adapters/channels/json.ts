import type { z } from 'zod';
import type { Answer } from './http.ts';

/** The body of an answer, if it is JSON of that shape; proxies answer with pages of their own. */
export function jsonOf<T>({ text }: Answer, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
