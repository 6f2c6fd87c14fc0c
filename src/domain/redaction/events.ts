import type { Attributes } from '../events/catalogue.ts';
import type { NewEvent } from '../events/envelope.ts';

interface Parts {
  redactText(text: string): string;
  redactIdentifier(id: string): string;
  redactAttributes(attributes: Attributes): Attributes;
}

// Written by the engine itself, from values that are hashes already.
const hashesOnly: ReadonlySet<string> = new Set(['hash', 'keyId']);

const identifiers = ['requestId', 'traceId', 'spanId', 'parentSpanId', 'userId'] as const;

/** `id` is a UUID and `project` comes from the key, not from the sender; everything else may hold anything. */
export function redactEventWith(event: NewEvent, parts: Parts): NewEvent {
  const service = parts.redactText(event.service);
  const data = redactData(event.data, parts);
  if (service === event.service && data === event.data && hasCleanIdentifiers(event, parts)) return event;
  const changed = { ...event, service, data } as NewEvent;
  for (const name of identifiers) {
    const id = event[name];
    if (id !== undefined) changed[name] = parts.redactIdentifier(id);
  }
  return changed;
}

// Each field by its name: a loop over names would read them several times slower, for every event.
function hasCleanIdentifiers(event: NewEvent, { redactIdentifier }: Parts): boolean {
  const { requestId, traceId, spanId, parentSpanId, userId } = event;
  return (
    (requestId === undefined || redactIdentifier(requestId) === requestId) &&
    (traceId === undefined || redactIdentifier(traceId) === traceId) &&
    (spanId === undefined || redactIdentifier(spanId) === spanId) &&
    (parentSpanId === undefined || redactIdentifier(parentSpanId) === parentSpanId) &&
    (userId === undefined || redactIdentifier(userId) === userId)
  );
}

function redactData(data: NewEvent['data'], parts: Parts): NewEvent['data'] {
  const fields = data as Record<string, unknown>;
  let changed: Record<string, unknown> | undefined;
  for (const name in fields) {
    const value = fields[name];
    const clean = redactField(name, value, parts);
    if (clean === value) continue;
    changed ??= { ...fields };
    changed[name] = clean;
  }
  return (changed ?? fields) as NewEvent['data'];
}

function redactField(name: string, value: unknown, parts: Parts): unknown {
  if (typeof value === 'string') return hashesOnly.has(name) ? value : parts.redactText(value);
  if (name === 'attributes' && value !== undefined) return parts.redactAttributes(value as Attributes);
  return value;
}
