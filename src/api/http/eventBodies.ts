import type { IncomingHttpHeaders } from 'node:http';
import { fromCloudEvent } from '../../domain/cloudEvents.ts';
import { ChronoscopeError } from '../../domain/errors.ts';
import { uuidFrom } from '../uuidFrom.ts';
import { parseJson, parseLines, textOf } from './bodies.ts';

export interface EventItems {
  items: readonly unknown[];
  /** No escape in the text can have written a NUL or half a character. */
  cleanTexts: boolean;
}

interface MediaType {
  name: string;
  charset: string | undefined;
}

const lineTypes: ReadonlySet<string> = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/jsonlines',
]);
const jsonTypes: ReadonlySet<string> = new Set(['', 'application/json', 'text/json']);
const cloudEventTypes: ReadonlySet<string> = new Set([
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
]);

/** What POST /v1/events takes, as its description and its refusal name it. */
export const eventMediaTypes = ['application/json', 'application/x-ndjson', ...cloudEventTypes] as const;

function mediaTypeOf(header: string | undefined): MediaType {
  const [name = '', ...parameters] = (header ?? '').split(';');
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/i.exec(parameter)?.[1])
    .find((value) => value !== undefined);
  return { name: name.trim().toLowerCase(), charset };
}

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** The same source and id in two projects are two events. */
const cloudEvents = (value: unknown, project: string) => {
  const context = { uuidFrom: (text: string) => uuidFrom(`${project}\n${text}`) };
  return listed(value).map((event) => fromCloudEvent(event, context));
};

/** Header values are percent-encoded UTF-8; one that is not encoded properly stands for itself. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Binary mode: the context in `ce-` headers, the body is the data alone. */
function binaryCloudEvent(headers: IncomingHttpHeaders, body: Buffer, media: MediaType): unknown {
  const context = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('ce-') && typeof value === 'string' ? [[name.slice(3), decoded(value)] as const] : [],
  );
  const event: Record<string, unknown> = Object.fromEntries(context);
  if (headers['content-type'] !== undefined) event.datacontenttype = headers['content-type'];
  if (body.length > 0) Object.assign(event, binaryData(body, media));
  return event;
}

function binaryData(body: Buffer, media: MediaType): { data: unknown } | { data_base64: string } {
  if (jsonTypes.has(media.name) || media.name.endsWith('+json'))
    return { data: parseJson(textOf(body, media.charset)) };
  if (media.name.startsWith('text/')) return { data: textOf(body, media.charset) };
  return { data_base64: body.toString('base64') };
}

function itemsOf(media: MediaType, text: string, { maxEvents, project }: ReadContext): readonly unknown[] {
  if (lineTypes.has(media.name)) return parseLines(text, maxEvents);
  const parsed = parseJson(text);
  return cloudEventTypes.has(media.name) ? cloudEvents(parsed, project) : listed(parsed);
}

export interface ReadContext {
  maxEvents: number;
  project: string;
}

/** The events in a body by what its Content-Type says that it is. */
export function readEvents(headers: IncomingHttpHeaders, body: Buffer, context: ReadContext): EventItems {
  const media = mediaTypeOf(headers['content-type']);
  if (headers['ce-specversion'] !== undefined && !cloudEventTypes.has(media.name))
    return { items: cloudEvents(binaryCloudEvent(headers, body, media), context.project), cleanTexts: false };
  const known = jsonTypes.has(media.name) || lineTypes.has(media.name) || cloudEventTypes.has(media.name);
  if (!known)
    throw new ChronoscopeError(
      'CHR_UNSUPPORTED_MEDIA_TYPE',
      `Content-Type "${media.name.slice(0, 80)}" is not known; allowed: ${eventMediaTypes.join(', ')}.`,
    );
  const text = textOf(body, media.charset);
  return { items: itemsOf(media, text, context), cleanTexts: !text.includes('\\u') };
}
