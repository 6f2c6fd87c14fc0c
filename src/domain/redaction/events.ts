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
  let changed: NewEvent | undefined;
  for (const name of identifiers) {
    const id = event[name];
    if (id === undefined) continue;
    const clean = parts.redactIdentifier(id);
    if (clean !== id) changed = { ...(changed ?? event), [name]: clean };
  }
  const service = parts.redactText(event.service);
  if (service !== event.service) changed = { ...(changed ?? event), service };
  const data = redactData(event.data, parts);
  if (data !== event.data) changed = { ...(changed ?? event), data } as NewEvent;
  return changed ?? event;
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
