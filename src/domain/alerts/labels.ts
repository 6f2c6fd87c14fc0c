import type { RecordedEvent } from '../events/envelope.ts';
import type { Labels } from './rule.ts';

/**
 * What an event can be told apart by: its own fields under the names of the views, and its attributes. Empty when it has
 * no such field, as in a matcher.
 */

type Fields = Readonly<Record<string, unknown>>;

const ofEnvelope: Readonly<Record<string, (event: RecordedEvent) => string | undefined>> = {
  project: (event) => event.project,
  service: (event) => event.service,
  user_id: (event) => event.userId,
};

/** Names in `data` that differ from those of the views. */
const inData: Readonly<Record<string, string>> = { error_code: 'errorCode', metric_type: 'kind' };

export function labelOf(event: RecordedEvent, label: string): string {
  const own = Object.hasOwn(ofEnvelope, label) ? ofEnvelope[label] : undefined;
  if (own !== undefined) return own(event) ?? '';
  const data = event.data as Fields & { attributes?: Fields };
  const field = data[inData[label] ?? label];
  if (isLabel(field)) return String(field);
  const attribute = data.attributes?.[label];
  return isLabel(attribute) ? String(attribute) : '';
}

const isLabel = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** Gives the labels of events that belong together, and one short text for all that have the same. */
export interface Grouping {
  keyOf(event: RecordedEvent): string;
  labelsFrom(key: string): Labels;
  /** The same text, from labels that were written down. */
  keyFrom(labels: Labels): string;
}

const separator = '\u0000';

/** What is written down of an alert has room for so much of each. */
const mostCharacters = 1_000;

export function groupingBy(
  names: readonly string[],
  readWhole: (event: RecordedEvent, label: string) => string = labelOf,
): Grouping {
  const read = (event: RecordedEvent, name: string): string => {
    const text = readWhole(event, name);
    return text.length > mostCharacters ? text.slice(0, mostCharacters) : text;
  };
  const [first, second] = names;
  const labelsFrom = (key: string): Labels => {
    const values = key.split(separator);
    // A value may have the separator in it: whoever reads the key must come to the same labels all the same.
    const rest = values.splice(Math.max(names.length - 1, 0)).join(separator);
    return Object.fromEntries(names.map((name, at) => [name, values[at] ?? rest]));
  };
  const keyFrom = (labels: Labels): string => names.map((name) => labels[name] ?? '').join(separator);
  const grouping = (keyOf: Grouping['keyOf']): Grouping => ({ keyOf, labelsFrom, keyFrom });
  if (first === undefined) return grouping(() => '');
  // The two common cases, without an array for every event.
  if (second === undefined) return grouping((event) => read(event, first));
  if (names.length === 2) return grouping((event) => read(event, first) + separator + read(event, second));
  return grouping((event) => names.map((name) => read(event, name)).join(separator));
}
