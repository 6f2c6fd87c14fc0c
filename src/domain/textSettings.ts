import { z } from 'zod';
import { parseDuration, parseLimit, parseSize } from './units.ts';

/** Schemas of settings that arrive as text, as those of the environment do. */

type Parse<T> = (text: string) => T | undefined;

/** Turns text into a value with a function that answers undefined for what it does not take. */
export const parsed = <T>(parse: Parse<T>) =>
  z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue('not allowed');
    return z.NEVER;
  });

export const list = (isItem: (item: string) => boolean) =>
  parsed((text) => {
    const items = text.split(/[\s,]+/).filter(Boolean);
    return items.length > 0 && items.every(isItem) ? [...new Set(items)] : undefined;
  });

/** `name=value name=value`; what is not named keeps what `fallback`, written the same way, says. */
export function pairs<P extends Readonly<Record<string, Parse<unknown>>>>(parsers: P, fallback: string) {
  type Values = { [K in keyof P]: Exclude<ReturnType<P[K]>, undefined> };
  return parsed((text): Values | undefined => {
    const [defaults, given] = [parsePairs(fallback, parsers), parsePairs(text, parsers)];
    return given === undefined ? undefined : ({ ...defaults, ...given } as Values);
  });
}

function parsePairs(text: string, parsers: Readonly<Record<string, Parse<unknown>>>) {
  const found: Record<string, unknown> = {};
  for (const pair of text.split(/[\s,]+/).filter(Boolean)) {
    const [name = '', value = '', ...rest] = pair.split('=');
    const result = Object.hasOwn(parsers, name) ? parsers[name]?.(value) : undefined;
    if (result === undefined || rest.length > 0 || Object.hasOwn(found, name)) return undefined;
    found[name] = result;
  }
  return found;
}

export const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.number().max(65_535));

export const webUrl = z.url({ protocol: /^https?$/ });

export const onOff = (text: string): boolean | undefined =>
  text === 'on' ? true : text === 'off' ? false : undefined;

export const count = (text: string): number | undefined =>
  /^[1-9]\d{0,11}$/.test(text) ? Number(text) : undefined;

export const sizeFrom = (least: number) => (text: string) => {
  const bytes = parseSize(text);
  return bytes !== undefined && bytes >= least ? bytes : undefined;
};

/** Wrapped, because undefined means that the text was refused. */
export function days(text: string): { days: number | undefined } | undefined {
  if (text === 'forever') return { days: undefined };
  const whole = (parseDuration(text) ?? 0) / 86_400_000;
  return whole >= 1 && Number.isInteger(whole) ? { days: whole } : undefined;
}

export function limitOrOff(text: string) {
  const policy = parseLimit(text);
  return policy !== undefined || text === 'off' ? { policy } : undefined;
}
