import { z } from 'zod';
import { metricKinds, statuses } from '../events/catalogue.ts';
import { nearest } from '../nearest.ts';
import { isPlainObject } from './fits.ts';
import { levelNames, type NativeField, nativeFields, nativeSchema, nativeTypes } from './schema.ts';

const mostFaultsNamed = 5;

/** Names that other tools give to our fields, folded to lower case letters. */
const otherFieldNames: Readonly<Record<string, string>> = {
  timestamp: 'time',
  ts: 'time',
  date: 'time',
  occurredat: 'time',
  eventtype: 'type',
  kind: 'type',
  eventid: 'id',
  uuid: 'id',
  app: 'service',
  servicename: 'service',
  action: 'operation',
  command: 'operation',
  correlationid: 'requestId',
  reqid: 'requestId',
  user: 'userId',
  parentid: 'parentSpanId',
  duration: 'durationMs',
  latency: 'durationMs',
  latencyms: 'durationMs',
  elapsed: 'durationMs',
  code: 'errorCode',
  error: 'errorMessage',
  exception: 'errorMessage',
  stacktrace: 'stack',
  severity: 'level',
  loglevel: 'level',
  msg: 'message',
  text: 'message',
  tags: 'attributes',
  labels: 'attributes',
  meta: 'attributes',
  metadata: 'attributes',
  extra: 'attributes',
  context: 'attributes',
  data: 'attributes',
  properties: 'attributes',
};

const otherValues: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  type: { exception: 'error', http: 'request', requestcompleted: 'request', trace: 'span', gauge: 'metric' },
  status: { ok: 'success', succeeded: 'success', failed: 'error', failure: 'error', timedout: 'timeout' },
};

const wordLists: Readonly<Record<string, readonly string[]>> = {
  type: nativeTypes,
  status: statuses,
  metricType: metricKinds,
  level: levelNames,
};

function show(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 40 ? `a text of ${value.length} characters` : JSON.stringify(value);
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

const hint = (word: string | undefined) => (word === undefined ? '' : `; did you mean \`${word}\`?`);

/** What a field may hold, in the words of its schema. */
function allowedIn(field: string): string {
  const schema: z.ZodType = nativeSchema.shape[field as NativeField];
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
  return inner.description ?? '';
}

function aboutField(field: string, value: unknown): string {
  const words = wordLists[field];
  const listed = words !== undefined && field !== 'level' ? words.join(', ') : allowedIn(field);
  const meant =
    words !== undefined && typeof value === 'string' ? nearest(value, words, otherValues[field]) : undefined;
  return `\`${field}\` is ${show(value)}; allowed: ${listed}${hint(meant)}`;
}

function aboutAttributes(value: unknown, name: PropertyKey | undefined): string {
  const rule = `allowed: ${allowedIn('attributes')}`;
  if (!isPlainObject(value)) return `\`attributes\` is ${show(value)}; ${rule}`;
  if (name === undefined) return `\`attributes\` has ${Object.keys(value).length} entries; ${rule}`;
  const key = String(name);
  if (key === '') return `\`attributes\` has an entry without a name; ${rule}`;
  if (key.length > 200) return `\`attributes\` has a name of ${key.length} characters; ${rule}`;
  return `\`attributes.${key}\` is ${show(value[key])}; ${rule}`;
}

function aboutUnknown(key: string): string {
  const shown = key.length > 60 ? `${key.slice(0, 60).toWellFormed()}…` : key;
  return `\`${shown}\` is not a field of an event${hint(nearest(key, nativeFields, otherFieldNames))}`;
}

function sentences(issue: z.core.$ZodIssue, value: Record<string, unknown>): string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.slice(0, mostFaultsNamed).map(aboutUnknown);
  const field = String(issue.path[0]);
  if (field === 'attributes') return [aboutAttributes(value.attributes, issue.path[1])];
  return [aboutField(field, value[field])];
}

/** Takes away what counts as absent, so that the schema decides on what is really there. */
export function presentOnly(value: Record<string, unknown>): Record<string, unknown> {
  const present: [string, unknown][] = [];
  const known: readonly string[] = nativeFields;
  for (const [field, entry] of Object.entries(value)) {
    const absent = entry === null || entry === '' || entry === undefined;
    if (absent && known.includes(field)) continue;
    present.push([field, field === 'attributes' && isPlainObject(entry) ? withoutNulls(entry) : entry]);
  }
  return Object.fromEntries(present);
}

const withoutNulls = (map: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(map).filter(([, entry]) => entry !== null && entry !== undefined));

/** What is wrong with something that is no event in the short form: one sentence for each fault. */
export function explainNative(value: unknown): string {
  if (!isPlainObject(value)) return `an event is a JSON object, this is ${show(value)}`;
  const present = presentOnly(value);
  const result = nativeSchema.safeParse(present);
  if (result.success) return 'the event does not fit the short form';
  const faults = result.error.issues.flatMap((issue) => sentences(issue, present));
  const named = [...new Set(faults)];
  const more = named.length - mostFaultsNamed;
  return named.slice(0, mostFaultsNamed).join('. ') + (more > 0 ? `. And ${more} more` : '');
}
