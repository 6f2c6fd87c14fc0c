import { z } from 'zod';
import { type LogLevel, metricKinds, statuses } from '../events/catalogue.ts';

export const nativeTypes = [
  'request',
  'error',
  'log',
  'span',
  'metric',
  'deploy',
  'job',
  'health',
  'rate_limit',
  'feedback',
] as const;
export type NativeType = (typeof nativeTypes)[number];

/** What loggers call their levels; their numbers are those of pino and bunyan. */
const levels: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  verbose: 'trace',
  silly: 'trace',
  debug: 'debug',
  info: 'info',
  information: 'info',
  notice: 'info',
  log: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  severe: 'error',
  fatal: 'fatal',
  critical: 'fatal',
  crit: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
  emergency: 'fatal',
  panic: 'fatal',
};

export const levelNames: readonly string[] = Object.keys(levels);

export function levelOf(name: string): LogLevel | undefined {
  const exact = Object.hasOwn(levels, name) ? levels[name] : undefined;
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  return Object.hasOwn(levels, lower) ? levels[lower] : undefined;
}

export const maxAttributes = 64;
export const maxIdentifier = 200;
export const maxName = 300;
export const maxUnit = 50;
export const maxDuration = 1e12;
export const uuidPattern = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

const identifier = (what: string) =>
  z.string().max(maxIdentifier).describe(`${what}; at most ${maxIdentifier} characters`).optional();
const longText = (what: string) => z.string().describe(what).optional();

const attributes = z
  .record(z.string().min(1).max(maxIdentifier), z.union([z.string(), z.number(), z.boolean()]))
  .refine((map) => Object.keys(map).length <= maxAttributes)
  .describe(
    `a flat map of strings, numbers and booleans; at most ${maxAttributes}, names up to ${maxIdentifier} characters`,
  );

/**
 * The short form in which programs send events. Fields that are null or empty strings count as absent and are taken
 * away before this schema looks; text that is too long is shortened, not refused, so it has no limit here.
 */
export const nativeSchema = z
  .strictObject({
    type: z.enum(nativeTypes).describe('what happened'),
    id: z
      .string()
      .regex(uuidPattern)
      .describe('a UUID; the same id twice is one event; made here if absent')
      .optional(),
    time: z
      .union([z.string(), z.number()])
      .describe(
        'when it happened: RFC 3339 with a zone, or epoch milliseconds; not before 2000, at most a day ahead; default now',
      )
      .optional(),
    service: identifier('the program that it happened in; default `default`'),
    operation: identifier('what the program was doing, for example `search`'),
    requestId: identifier('ties all events of one request together'),
    traceId: identifier('the trace'),
    spanId: identifier('the span'),
    parentSpanId: identifier('the span above it'),
    userId: identifier('who asked'),
    status: z.enum(statuses).describe('how it ended').optional(),
    durationMs: z
      .number()
      .min(0)
      .max(maxDuration)
      .describe('how long it took, in milliseconds; 0 to 1e12')
      .optional(),
    value: z.number().describe('the measured number').optional(),
    metricType: z.enum(metricKinds).describe('the kind of metric; default `gauge`').optional(),
    name: z.string().max(maxName).describe(`its name; at most ${maxName} characters`).optional(),
    unit: z.string().max(maxUnit).describe(`the unit of \`value\`; at most ${maxUnit} characters`).optional(),
    errorCode: identifier('a short stable code of the fault'),
    errorMessage: longText('what the fault said; shortened beyond 16,384 characters'),
    stack: longText('the stack trace; shortened beyond 65,536 characters'),
    level: z
      .string()
      .refine((name) => levelOf(name) !== undefined)
      .describe('trace, debug, info, warn, error or fatal, in any case; the usual other names are understood')
      .optional(),
    message: longText('the text; shortened beyond 65,536 characters in a log, 16,384 elsewhere'),
    attributes: attributes.optional(),
  })
  .describe('one event in the short form');

export type Native = z.infer<typeof nativeSchema>;
export type NativeField = keyof Native;
export const nativeFields = Object.keys(nativeSchema.shape) as readonly NativeField[];
