import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EventType, eventSchemas } from '../../src/domain/events/catalogue.ts';
import { nativeExamples } from '../../src/domain/native/examples.ts';
import { explainNative, presentOnly } from '../../src/domain/native/explain.ts';
import { fitsNative, isPlainObject } from '../../src/domain/native/fits.ts';
import { levelNames, nativeFields, nativeSchema, nativeTypes } from '../../src/domain/native/schema.ts';
import { toEvent } from '../../src/domain/native/toEvent.ts';
import { Refusal } from '../../src/domain/refusal.ts';

const now = Date.UTC(2026, 0, 31, 12);
const context = { project: 'p', now, newId: () => '01939e1f-5b1c-7d35-8f52-000000000000' };
const bySchema = (value: unknown): boolean =>
  isPlainObject(value) && nativeSchema.safeParse(presentOnly(value)).success;

/** Values near the borders of what a field may hold, and values that are none of its kind. */
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    'x'.repeat(50),
    'x'.repeat(51),
    'x'.repeat(200),
    'x'.repeat(201),
    'x'.repeat(300),
    'x'.repeat(301),
  ),
  fc.uuid(),
  fc.constantFrom(
    '01939E1F-5B1C-7D35-8F52-0B1A2C3D4E5F',
    '01939e1f5b1c7d358f520b1a2c3d4e5f',
    'success',
    'ok',
    'gauge',
    'error',
  ),
  fc.constantFrom(...levelNames, 'WARN', 'Critical', 'toString'),
  fc.constantFrom('2026-01-31T12:00:00Z', '1999-01-01T00:00:00Z', '2026-01-31'),
);
const oddNumber = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(
    0,
    -0,
    -1e-9,
    1e12,
    1e12 + 1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    now,
    now + 86_400_001,
    1.7e9,
  ),
);
const odd = fc.oneof(
  oddText,
  oddNumber,
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.jsonValue(),
);
const attributeNames = fc.oneof(
  fc.string({ maxLength: 10 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '',
    'x'.repeat(200),
    'x'.repeat(201),
    'kind',
    'state',
    'limit',
    'resetAt',
    'verdict',
    'message',
  ),
);
const attributes = fc
  .oneof(
    {
      weight: 5,
      arbitrary: fc.array(
        fc.tuple(attributeNames, fc.oneof(oddText, oddNumber, fc.boolean(), fc.constant(null))),
        { maxLength: 8 },
      ),
    },
    { weight: 1, arbitrary: fc.array(fc.tuple(fc.uuid(), fc.boolean()), { minLength: 62, maxLength: 67 }) },
    { weight: 1, arbitrary: fc.array(fc.tuple(attributeNames, odd), { maxLength: 4 }) },
  )
  .map((entries) => Object.fromEntries(entries));

const fields = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom<string>(...nativeFields) },
      fc.string({ maxLength: 8 }),
      fc.constantFrom('__proto__', 'toString'),
    ),
    odd,
  ),
  { maxLength: 8 },
);
const event = fc
  .tuple(
    fields,
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom<unknown>(...nativeTypes) }, odd),
    fc.option(attributes, { nil: undefined }),
  )
  .map(([entries, type, map]) => {
    const made: Record<string, unknown> = Object.fromEntries([...entries, ['type', type]]);
    if (map !== undefined) made.attributes = map;
    return made;
  });

/** Events that differ from a right one in few places only, so that most get through. */
const mostlyRight = fc
  .tuple(fc.constantFrom(...Object.values(nativeExamples)), fields, attributes)
  .map(([example, entries, map]) => ({
    ...example,
    ...Object.fromEntries(entries.slice(0, 2)),
    attributes: map,
    type: example.type,
  }));
const candidates = fc.oneof(event, mostlyRight, fc.jsonValue());

describe('the short form', () => {
  it('is judged alike by the fast check and by the schema, whatever is sent', () => {
    fc.assert(
      fc.property(candidates, (value) => {
        expect(fitsNative(value)).toBe(bySchema(value));
      }),
      { numRuns: 5_000 },
    );
  });

  it('becomes an event that fits the catalogue, or a refusal that says why', () => {
    fc.assert(
      fc.property(candidates, (value) => {
        const made = toEvent(value, context);
        if (made instanceof Refusal) {
          expect(made.message.length).toBeGreaterThan(10);
          return;
        }
        const schema = eventSchemas[made.type as EventType];
        expect(schema.safeParse(made.data).error).toBeUndefined();
        expect(made.id).toMatch(/^[0-9a-f-]{36}$/);
        const text = JSON.stringify(made);
        expect(text.includes('\\u0000') || !text.isWellFormed() || /\\ud[89a-f]/.test(text)).toBe(false);
        expect(Object.values(made).concat(Object.values(made.data))).not.toContain(undefined);
      }),
      { numRuns: 5_000 },
    );
  });

  it('loses nothing: each field that was sent is in the event', () => {
    fc.assert(
      fc.property(fc.constantFrom(...nativeTypes), (type) => {
        const sent = {
          type,
          operation: 'op',
          status: 'timeout',
          durationMs: 17.25,
          value: 4242.5,
          metricType: 'histogram',
          name: 'nm',
          unit: 'un',
          errorCode: 'ec',
          errorMessage: 'em',
          stack: 'st',
          level: 'error',
          message: 'ms',
        } as const;
        const made = toEvent(sent, context);
        const text = JSON.stringify(made);
        const kept = [17.25, 4242.5, 'op', 'histogram', 'nm', 'un', 'ec', 'em', 'st', 'ms'];
        expect(kept.filter((part) => !text.includes(JSON.stringify(part)))).toEqual([]);
      }),
    );
  });

  it('explains every refusal of the fast check', () => {
    fc.assert(
      fc.property(candidates, (value) => {
        fc.pre(!fitsNative(value));
        expect(explainNative(value)).not.toBe('the event does not fit the short form');
      }),
      { numRuns: 2_000 },
    );
  });
});
