import { type EventData, healthStates, jobStates, type Status } from '../events/catalogue.ts';
import { levelOf, type Native } from './schema.ts';
import { shorten } from './text.ts';
import { parseRfc3339 } from './time.ts';

const messageLimit = 16_384;
const logLimit = 65_536;
const stackLimit = 65_536;
const operationLimit = 200;

/** What a maker returns instead of data when something is missing that no default can stand for. */
export type Missing = string;

type Text = string | null | undefined;
const text = (value: Text, limit: number): string | undefined => (value ? shorten(value, limit) : undefined);
const label = (value: Text): string | undefined => value || undefined;

/** No status said, but a fault described: that is a failure, not a success. */
function statusOf(n: Native): Status {
  if (n.status) return n.status;
  return n.errorCode || n.errorMessage || n.stack ? 'error' : 'success';
}

const wordFrom = <W extends string>(words: readonly W[], value: unknown): W | undefined =>
  words.find((word) => word === value);

interface Failure {
  errorCode?: string | undefined;
  errorMessage?: string | undefined;
  stack?: string | undefined;
}

function addFailure(data: Failure, n: Native): void {
  if (n.errorCode) data.errorCode = n.errorCode;
  const message = text(n.errorMessage || n.message, messageLimit);
  if (message !== undefined) data.errorMessage = message;
  if (n.stack) data.stack = shorten(n.stack, stackLimit);
}

export function request(n: Native): EventData<'RequestCompleted'> {
  const operation = label(n.operation) ?? text(n.name, operationLimit) ?? 'unknown';
  const data: EventData<'RequestCompleted'> = {
    operation,
    status: statusOf(n),
    durationMs: n.durationMs || 0,
  };
  addFailure(data, n);
  return data;
}

export function error(n: Native): EventData<'ErrorCaptured'> | Missing {
  const message = n.errorMessage || n.message || n.errorCode || n.stack?.split('\n', 1)[0];
  if (!message) return 'an `error` needs `errorMessage` or `message` (or `errorCode`, or `stack`)';
  const data: EventData<'ErrorCaptured'> = { message: shorten(message, messageLimit) };
  if (n.operation) data.operation = n.operation;
  if (n.errorCode) data.errorCode = n.errorCode;
  if (n.stack) data.stack = shorten(n.stack, stackLimit);
  const level = n.level ? levelOf(n.level) : undefined;
  if (level !== undefined) data.level = level;
  return data;
}

export function log(n: Native): EventData<'LogWritten'> | Missing {
  const message = text(n.message || n.errorMessage, logLimit);
  if (message === undefined) return 'a `log` needs `message`';
  const level = n.level ? levelOf(n.level) : undefined;
  const data: EventData<'LogWritten'> = {
    level: level ?? (statusOf(n) === 'success' ? 'info' : 'error'),
    message,
  };
  if (n.operation) data.operation = n.operation;
  return data;
}

const spanKinds = ['internal', 'server', 'client', 'producer', 'consumer'] as const;

export function span(n: Native): EventData<'SpanCompleted'> | Missing {
  const name = label(n.name) ?? label(n.operation);
  if (name === undefined) return 'a `span` needs `name` (or `operation`)';
  const data: EventData<'SpanCompleted'> = { name, status: statusOf(n), durationMs: n.durationMs || 0 };
  if (n.operation) data.operation = n.operation;
  const kind = wordFrom(spanKinds, n.attributes?.kind);
  if (kind !== undefined) data.kind = kind;
  addFailure(data, n);
  return data;
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

export function metric(n: Native): EventData<'MetricRecorded'> | Missing {
  const name = label(n.name);
  if (name === undefined) return 'a `metric` needs `name`';
  if (!isNumber(n.value)) return 'a `metric` needs `value`, a number';
  const data: EventData<'MetricRecorded'> = { name, kind: n.metricType || 'gauge', value: n.value };
  if (n.unit) data.unit = n.unit;
  if (n.operation) data.operation = n.operation;
  return data;
}

export function deploy(n: Native): EventData<'DeployRecorded'> {
  const data: EventData<'DeployRecorded'> = {};
  if (n.name) data.name = n.name;
  if (n.status) data.status = n.status;
  const message = text(n.message || n.errorMessage, messageLimit);
  if (message !== undefined) data.message = message;
  return data;
}

export function job(n: Native): EventData<'JobRecorded'> | Missing {
  const name = label(n.name) ?? label(n.operation);
  if (name === undefined) return 'a `job` needs `name` (or `operation`)';
  const state =
    wordFrom(jobStates, n.attributes?.state) ?? (statusOf(n) === 'success' ? 'succeeded' : 'failed');
  const data: EventData<'JobRecorded'> = { name, state };
  if (isNumber(n.durationMs)) data.durationMs = n.durationMs;
  if (n.errorCode) data.errorCode = n.errorCode;
  const message = text(n.message || n.errorMessage, messageLimit);
  if (message !== undefined) data.message = message;
  return data;
}

const healthOf = {
  success: 'healthy',
  rate_limited: 'degraded',
  timeout: 'unhealthy',
  error: 'unhealthy',
} as const;

export function health(n: Native): EventData<'HealthChecked'> {
  const name = label(n.name) ?? label(n.operation) ?? label(n.service) ?? 'default';
  const state = wordFrom(healthStates, n.attributes?.state) ?? healthOf[statusOf(n)];
  const data: EventData<'HealthChecked'> = { name, state };
  if (isNumber(n.durationMs)) data.durationMs = n.durationMs;
  const message = text(n.message || n.errorMessage, messageLimit);
  if (message !== undefined) data.message = message;
  return data;
}

export function rateLimit(n: Native): EventData<'RateLimitObserved'> | Missing {
  const given = n.value ?? n.attributes?.remaining;
  const remaining = isNumber(given) ? given : n.status === 'rate_limited' ? 0 : undefined;
  if (remaining === undefined) return 'a `rate_limit` needs `value`, the number that is left';
  const name = label(n.name) ?? label(n.operation) ?? 'default';
  const data: EventData<'RateLimitObserved'> = { name, remaining };
  const { limit, resetAt } = n.attributes ?? {};
  if (isNumber(limit)) data.limit = limit;
  const reset = typeof resetAt === 'string' ? parseRfc3339(resetAt) : resetAt;
  if (isNumber(reset) && !Number.isNaN(reset)) data.resetAt = reset;
  return data;
}

export function feedback(n: Native): EventData<'FeedbackGiven'> {
  const data: EventData<'FeedbackGiven'> = {};
  const subject = label(n.name) ?? label(n.operation);
  if (subject !== undefined) data.subject = subject;
  const verdict = n.attributes?.verdict;
  if (typeof verdict === 'string' && verdict !== '') data.verdict = shorten(verdict, 100);
  if (isNumber(n.value)) data.value = n.value;
  const message = text(n.message || n.errorMessage, messageLimit);
  if (message !== undefined) data.message = message;
  return data;
}
