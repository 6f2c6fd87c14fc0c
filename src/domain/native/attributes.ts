import type { Attributes } from '../events/catalogue.ts';
import type { Native, NativeField } from './schema.ts';
import { shorten } from './text.ts';

const longestValue = 8_192;

const isFine = (name: string, value: unknown): boolean => {
  if (typeof value === 'string') return value.length <= longestValue && name !== '__proto__';
  return value !== null && value !== undefined && name !== '__proto__';
};

function tidied(map: Attributes): Attributes {
  const result: Attributes = {};
  for (const [name, value] of Object.entries(map)) {
    // Assigning to this one name would change the object's prototype instead.
    if (name === '__proto__' || value === null || value === undefined) continue;
    result[name] = typeof value === 'string' ? shorten(value, longestValue) : value;
  }
  return result;
}

/** The producer's map as it is wherever nothing has to change, for this runs for every event. */
function ownAttributes(map: Attributes | null | undefined): Attributes | undefined {
  if (map === undefined || map === null || typeof map !== 'object') return undefined;
  let empty = true;
  for (const name in map) {
    if (!isFine(name, map[name])) {
      const result = tidied(map);
      return Object.keys(result).length === 0 ? undefined : result;
    }
    empty = false;
  }
  return empty ? undefined : map;
}

/**
 * The event's attributes together with the fields for which its type has no place, under their own names: nothing
 * that was sent is lost. What the producer put under the same name stays.
 */
export function attributesOf(native: Native, homeless: readonly NativeField[]): Attributes | undefined {
  const own = ownAttributes(native.attributes);
  let all: Attributes | undefined;
  for (const field of homeless) {
    const value = native[field] as string | number | null | undefined;
    if (value === undefined || value === null || value === '') continue;
    all ??= { ...own };
    if (!Object.hasOwn(all, field))
      all[field] = typeof value === 'string' ? shorten(value, longestValue) : value;
  }
  return all ?? own;
}
