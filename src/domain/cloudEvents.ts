import { isPlainObject } from './native/fits.ts';
import { type Native, type NativeType, nativeTypes } from './native/schema.ts';
import { shorten } from './native/text.ts';
import { Refusal } from './refusal.ts';
import { normaliseUuid } from './uuid.ts';

export interface CloudEventContext {
  /** The same UUID for the same text, always and everywhere. */
  uuidFrom: (text: string) => string;
}

const ownPrefix = 'dev.chronoscope.';
const serviceLimit = 200;
const maxAttributes = 64;
const attributeNameLimit = 200;

/** Names that the specification gives to the context; everything else beside them is an extension. */
const contextNames: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'data',
  'data_base64',
  'traceparent',
  'tracestate',
]);

const refused = (message: string) => new Refusal('CHR_INVALID_EVENT', message);

type Fields = Record<string, unknown>;

/** A native event whose values have yet to be checked, as `toEvent` does. */
type Draft = { [F in keyof Native]?: unknown };

function contextFault(event: Fields): string | undefined {
  if (event.specversion !== '1.0')
    return `\`specversion\` is ${JSON.stringify(event.specversion) ?? 'missing'}; allowed: "1.0"`;
  for (const name of ['id', 'source', 'type']) {
    const value = event[name];
    if (typeof value !== 'string' || value === '')
      return `a CloudEvent needs \`${name}\`, a text that is not empty`;
  }
  for (const name of ['subject', 'time', 'datacontenttype', 'dataschema', 'traceparent']) {
    const value = event[name];
    if (value !== undefined && value !== null && typeof value !== 'string')
      return `\`${name}\` of a CloudEvent is a text`;
  }
  if (event.data_base64 !== undefined && event.data_base64 !== null && typeof event.data_base64 !== 'string')
    return '`data_base64` is a text in base64';
  return undefined;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** `00-<trace id>-<span id>-<flags>`; anything else says nothing. */
function traceOf(event: Fields): { traceId?: string; spanId?: string } {
  const match = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/.exec(text(event.traceparent) ?? '');
  const [, traceId, spanId] = match ?? [];
  return traceId === undefined || spanId === undefined ? {} : { traceId, spanId };
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

function extensionsOf(event: Fields): Fields {
  const extensions: Fields = {};
  for (const [name, value] of Object.entries(event)) {
    if (!contextNames.has(name) && name !== '__proto__' && isScalar(value)) extensions[name] = value;
  }
  return extensions;
}

/** CloudEvents' ids are any text, unique in their source; ours are UUIDs, unique everywhere. */
function idOf(event: Fields, context: CloudEventContext): string {
  const id = String(event.id);
  return normaliseUuid(id) ?? context.uuidFrom(`${String(event.source)}\n${id}`);
}

const isJson = (contentType: unknown) =>
  typeof contentType !== 'string' || contentType === '' || /^[^;]*[/+]json\s*(;|$)/i.test(contentType);

type Payload = { data: unknown } | { problem: string };

function payloadOf(event: Fields): Payload {
  const encoded = text(event.data_base64);
  if (encoded === undefined) return { data: event.data ?? undefined };
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(encoded)) return { problem: '`data_base64` is not base64' };
  if (!isJson(event.datacontenttype)) return { data: encoded };
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    return { data: JSON.parse(new TextDecoder().decode(bytes)) };
  } catch {
    return {
      problem: '`data_base64` does not hold JSON, which `datacontenttype` says (or, when absent, implies)',
    };
  }
}

const nativeTypeOf = (type: string): NativeType | undefined => {
  const name = type.startsWith(ownPrefix) ? type.slice(ownPrefix.length) : type;
  return nativeTypes.find((known) => known === name);
};

function known(event: Fields, type: NativeType, data: unknown, context: CloudEventContext): Draft | Refusal {
  if (data !== undefined && !isPlainObject(data))
    return refused(`\`data\` of a CloudEvent of type \`${type}\` is an object with the fields of an event`);
  const fields: Fields = data ?? {};
  const own = isPlainObject(fields.attributes) ? fields.attributes : {};
  const mayExtend =
    fields.attributes === undefined || fields.attributes === null || own === fields.attributes;
  const beside = { ...subjectOf(event), ...extensionsOf(event), ...own };
  return {
    ...traceOf(event),
    ...fields,
    type,
    id: idOf(event, context),
    time: text(event.time) ?? fields.time,
    service: text(fields.service) ?? text(event.source),
    attributes: mayExtend ? beside : fields.attributes,
  };
}

const subjectOf = (event: Fields): Fields => {
  const subject = text(event.subject);
  return subject === undefined ? {} : { subject };
};

const asAttribute = (value: unknown) => (isScalar(value) ? value : (JSON.stringify(value) ?? ''));

/** The entries of `data` as far as there is room; one more says how many there was none for. */
function flattened(data: unknown, room: number): Fields {
  if (data === undefined || data === null) return {};
  if (!isPlainObject(data)) return { data: asAttribute(data) };
  const entries = Object.entries(data).filter(
    ([name, value]) => value !== null && name.length <= attributeNameLimit - 'data.'.length,
  );
  const fitting = entries.length <= room ? entries : entries.slice(0, Math.max(0, room - 1));
  const flat = fitting.map(([name, value]) => [`data.${name}`, asAttribute(value)] as const);
  const omitted = Object.keys(data).length - fitting.length;
  return { ...Object.fromEntries(flat), ...(omitted > 0 && room > 0 ? { dataOmitted: omitted } : {}) };
}

const messageOf = (event: Fields, data: unknown): string => {
  const words = typeof data === 'string' && text(event.data_base64) === undefined ? text(data) : undefined;
  const said = isPlainObject(data) ? text(data.message) : words;
  const subject = text(event.subject);
  return said ?? `${String(event.type)}${subject === undefined ? '' : ` ${subject}`}`;
};

/** Somebody else's event is kept as a log line with all of its context, to be found by type, source or data. */
function foreign(event: Fields, data: unknown, context: CloudEventContext): Draft {
  const about: Fields = {
    cloudEventType: event.type,
    cloudEventSource: event.source,
    ...subjectOf(event),
    ...extensionsOf(event),
  };
  const schema = text(event.dataschema);
  if (schema !== undefined) about.dataschema = schema;
  const room = maxAttributes - Object.keys(about).length - 1;
  return {
    ...traceOf(event),
    type: 'log',
    id: idOf(event, context),
    time: text(event.time),
    service: shorten(String(event.source), serviceLimit),
    level: 'info',
    message: messageOf(event, data),
    attributes: { ...flattened(data, room), ...about },
  };
}

/**
 * The short form of a CloudEvent 1.0. Ours, by `dev.chronoscope.<type>` or the bare type, carry its fields in
 * `data`; every other type becomes a log line.
 */
export function fromCloudEvent(event: unknown, context: CloudEventContext): Draft | Refusal {
  if (!isPlainObject(event)) return refused('a CloudEvent is a JSON object');
  const fault = contextFault(event);
  if (fault !== undefined) return refused(fault);
  const payload = payloadOf(event);
  if ('problem' in payload) return refused(payload.problem);
  const type = nativeTypeOf(String(event.type));
  if (type !== undefined) return known(event, type, payload.data, context);
  return foreign(event, payload.data, context);
}
