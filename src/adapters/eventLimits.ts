import { ChronoscopeError } from '../domain/errors.ts';
import type { StreamAppend } from '../projections/ports.ts';

/** Far above what the doors let through; they keep one caller from taking the log's memory for all others. */
const MAX_EVENTS_PER_CALL = 100_000;
const MAX_STREAM_CHARACTERS = 500;
const MAX_FIELD_CHARACTERS = 1_000;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function checkCall(appends: readonly StreamAppend[]): void {
  let events = 0;
  for (const { stream, events: ofStream } of appends) {
    events += ofStream.length;
    if (stream.length === 0 || stream.length > MAX_STREAM_CHARACTERS) {
      refuse(`A stream's name has 1 to ${MAX_STREAM_CHARACTERS} characters, not ${stream.length}.`);
    }
  }
  if (events > MAX_EVENTS_PER_CALL) {
    refuse(`One append takes at most ${MAX_EVENTS_PER_CALL} events, not ${events}.`);
  }
  for (const { events: ofStream } of appends) {
    for (const event of ofStream) checkFields(event);
  }
}

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

export function refuseId(id: string): never {
  throw new ChronoscopeError('CHR_INVALID_EVENT', `An event's id is a UUID in lower case, not ${shown(id)}.`);
}

type Fields = StreamAppend['events'][number];

function checkFields({ project, service, requestId, traceId, spanId, parentSpanId, userId }: Fields): void {
  checkField('project', project);
  checkField('service', service);
  checkField('requestId', requestId);
  checkField('traceId', traceId);
  checkField('spanId', spanId);
  checkField('parentSpanId', parentSpanId);
  checkField('userId', userId);
}

function checkField(name: string, value: string | undefined): void {
  if (value !== undefined && value.length > MAX_FIELD_CHARACTERS) {
    refuse(`An event's ${name} has at most ${MAX_FIELD_CHARACTERS} characters, not ${value.length}.`);
  }
}

function refuse(message: string): never {
  throw new ChronoscopeError('CHR_BODY_TOO_LARGE', message);
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 60));
