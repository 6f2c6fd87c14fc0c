import { z } from 'zod';
import { nearest } from '../../../domain/nearest.ts';

/** The query parameters that reads have in common, and what is said of one that no read knows. */

const name = (what: string, example: string) => z.string().min(1).max(200).describe(what).meta({ example });
const time = (what: string) =>
  z
    .string()
    .max(64)
    .describe(`${what}; RFC 3339 or epoch milliseconds`)
    .meta({ example: '2026-01-31T12:00:00Z' });

const presence = {
  project: name('Default: that of the key. A key of every project may name any', 'shop-bot').optional(),
  asOf: time('Answers from what had been recorded by then').optional(),
  after: z
    .string()
    .min(1)
    .max(200)
    .describe('Waits until the projections have passed this position')
    .meta({ example: '1042' })
    .optional(),
  wait: z
    .string()
    .max(20)
    .describe('How long `after` may wait, at most 60s; default 5s')
    .meta({ example: '5s' })
    .optional(),
};

const selection = {
  ...presence,
  service: name('Only this service', 'bot').optional(),
  operation: name('Only this operation', 'checkout').optional(),
  window: z
    .string()
    .max(20)
    .describe('Length of the window, which ends now, or at `asOf`, or lies beside `from` or `to`; default 1h')
    .meta({ example: '1h' })
    .optional(),
  from: time('Begin of the window, itself included').optional(),
  to: time('End of the window, itself not included').optional(),
};

/** What other programs call our parameters. */
const otherNames: Readonly<Record<string, string>> = {
  q: 'text',
  query: 'text',
  search: 'text',
  message: 'text',
  userid: 'user',
  code: 'errorCode',
  since: 'from',
  start: 'from',
  begin: 'from',
  until: 'to',
  end: 'to',
  range: 'window',
  period: 'window',
  interval: 'step',
  resolution: 'step',
  position: 'after',
  timeout: 'wait',
  size: 'limit',
  count: 'limit',
  perpage: 'limit',
  page: 'cursor',
  minduration: 'minDurationMs',
  maxduration: 'maxDurationMs',
};

/** Refuses what it does not know, for a misspelt filter that is silently dropped answers another question. */
export function strictQuery<S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      return issue.keys.map((key) => explained(key, known)).join('; ');
    },
  });
}

function explained(key: string, known: readonly string[]): string {
  const near = nearest(key, known, otherNames);
  const hint =
    near === undefined || !known.includes(near) ? `known are ${known.join(', ')}` : `did you mean "${near}"?`;
  return `the parameter "${key.slice(0, 40)}" is unknown: ${hint}`;
}

/** For reads about the present state of the engine. */
export const presentQuery = strictQuery(presence);
/** The same with more to ask for. */
export const withPresence = <S extends z.ZodRawShape>(shape: S) => strictQuery({ ...presence, ...shape });
/** For what changes something, which is always about the present. */
export const changeQuery = strictQuery({
  project: presence.project,
  after: presence.after,
  wait: presence.wait,
});
/** For reads over a window. */
export const windowQuery = strictQuery(selection);
export const withWindow = <S extends z.ZodRawShape>(shape: S) => strictQuery({ ...selection, ...shape });

/** Whole numbers arrive as text. */
export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `a whole number from ${least} to ${most}`);

export const milliseconds = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,6})?$/, 'milliseconds, as a number')
  .transform(Number);

/** Several of a few words, with commas between them. */
export const wordsOf = <T extends string>(allowed: readonly T[]) => {
  const isAllowed = (word: string): word is T => (allowed as readonly string[]).includes(word);
  return z
    .string()
    .max(200)
    .transform((text, context): T[] => {
      const words = text.split(',').map((word) => word.trim());
      if (words.every(isAllowed)) return words;
      context.addIssue({ code: 'custom', message: `allowed are ${allowed.join(', ')}` });
      return z.NEVER;
    });
};

export interface PresenceQuery {
  project?: string | undefined;
  asOf?: string | undefined;
  after?: string | undefined;
  wait?: string | undefined;
}

export interface WindowQuery extends PresenceQuery {
  service?: string | undefined;
  operation?: string | undefined;
  window?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}
