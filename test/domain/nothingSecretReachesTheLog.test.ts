import { describe, expect, it } from 'vitest';
import { type Attributes, eventTypes, isTelemetry } from '../../src/domain/events/catalogue.ts';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import { createRedactor } from '../../src/domain/redaction/redactor.ts';
import { secretSamples } from './support/secretSamples.ts';

/** Every field of every event that a sender fills with text, filled with this one. */
const everywhere: Readonly<Partial<Record<NewEvent['type'], (text: string) => object>>> = {
  RequestCompleted: (text) => ({
    operation: text,
    status: 'error',
    durationMs: 1,
    ...failure(text),
    attributes: holding(text),
  }),
  ErrorCaptured: (text) => ({
    operation: text,
    errorCode: text,
    message: text,
    stack: stackOf(text),
    attributes: holding(text),
  }),
  LogWritten: (text) => ({ level: 'info', message: text, operation: text, attributes: holding(text) }),
  SpanCompleted: (text) => ({
    name: text,
    operation: text,
    status: 'error',
    durationMs: 1,
    ...failure(text),
    attributes: holding(text),
  }),
  MetricRecorded: (text) => ({
    name: text,
    kind: 'gauge',
    value: 1,
    operation: text,
    attributes: holding(text),
  }),
  DeployRecorded: (text) => ({ name: text, message: text, attributes: holding(text) }),
  JobRecorded: (text) => ({
    name: text,
    state: 'failed',
    errorCode: text,
    message: text,
    attributes: holding(text),
  }),
  HealthChecked: (text) => ({ name: text, state: 'unhealthy', message: text, attributes: holding(text) }),
  RateLimitObserved: (text) => ({ name: text, remaining: 1, attributes: holding(text) }),
  FeedbackGiven: (text) => ({ subject: text, verdict: text, message: text, attributes: holding(text) }),
};

const failure = (text: string) => ({
  errorCode: text,
  errorMessage: `failed: ${text}`,
  stack: stackOf(text),
});
const stackOf = (text: string) => `Error: ${text}\n    at send (/app/src/bot.ts:10:5)`;
const holding = (text: string): Attributes => ({
  note: text,
  [text]: 1,
  json: JSON.stringify({ inner: text }),
});

const eventWith = (type: string, text: string): NewEvent =>
  ({
    id: '018f2b1c-7a3e-7b3e-8b3e-000000000001',
    type,
    version: 1,
    occurredAt: 1_790_000_000_000,
    project: 'default',
    service: text,
    data: everywhere[type as NewEvent['type']]?.(text),
  }) as NewEvent;

const { redactEvent } = createRedactor({ keyedHash: () => '0123456789abcdef' });
const samples = secretSamples(19);

describe('nothing secret reaches the log', () => {
  it('through any type of event that senders can send', () => {
    const sendable = eventTypes.filter(isTelemetry);
    expect(sendable.filter((type) => everywhere[type] === undefined)).toEqual([]);
  });

  it.each(Object.keys(everywhere))('through %s', (type) => {
    for (const { name, text, secrets } of samples) {
      const stored = JSON.stringify(redactEvent(eventWith(type, text)));
      for (const secret of secrets) {
        expect(stored, name).not.toContain(secret);
        expect(stored, name).not.toContain(JSON.stringify(secret).slice(1, -1));
      }
    }
  });

  it.each(['requestId', 'traceId', 'spanId', 'parentSpanId', 'userId'] as const)('through %s', (field) => {
    // Bare numbers are ids there: a chance checksum must not break one.
    const bareNumber = /^[\d\s()\u200b\u00a0\uff10-\uff19-]+$|iban/;
    for (const { name, text, secrets } of samples) {
      if (bareNumber.test(text) || bareNumber.test(name)) continue;
      const stored = JSON.stringify(redactEvent({ ...eventWith('FeedbackGiven', 'x'), [field]: text }));
      for (const secret of secrets) expect(stored, name).not.toContain(secret);
    }
  });
});
