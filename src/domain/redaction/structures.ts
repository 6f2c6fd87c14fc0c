import type { Attributes } from '../events/catalogue.ts';
import type { Detection } from './detect.ts';
import type { KeyVerdict } from './keys.ts';
import { markerFor } from './spans.ts';
import { isState, looksRandom } from './values.ts';

type RedactText = (text: string) => string;
type Scalar = string | number | boolean;

const deepest = 16;
const mostRemembered = 4_096;

/** What a name of a field comes to: the name without secrets in it, and what it says about its value. */
interface Field {
  name: string;
  verdict: KeyVerdict;
}

function createFields(detection: Detection, redactText: RedactText): (name: string) => Field {
  const known = new Map<string, Field>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const field = { name: redactText(name), verdict: verdictFor(name, detection) };
    if (known.size >= mostRemembered) known.clear();
    known.set(name, field);
    return field;
  };
}

function verdictFor(name: string, { keys, switches }: Detection): KeyVerdict {
  const verdict = keys.field(name);
  if (verdict === 'none') return 'none';
  if (verdict === 'header') return switches.authorization ? verdict : 'none';
  if (verdict === 'cookie' || verdict === 'phone' || verdict === 'card')
    return switches[verdict] ? verdict : 'none';
  return switches.secret ? verdict : 'none';
}

export function createAttributeRedaction(
  detection: Detection,
  redactText: RedactText,
): (attributes: Attributes) => Attributes {
  const fieldOf = createFields(detection, redactText);
  return (attributes) => {
    let changed: Attributes | undefined;
    for (const name in attributes) {
      const value = attributes[name] as Scalar;
      const field = fieldOf(name);
      const clean = scalar(value, field.verdict, redactText);
      if (clean === value && field.name === name) continue;
      changed ??= { ...attributes };
      if (field.name === name) changed[name] = clean;
      else {
        delete changed[name];
        changed[unusedName(changed, field.name)] = clean;
      }
    }
    return changed ?? attributes;
  };
}

/** Two names with one marker are still two fields. */
function unusedName(record: Readonly<Record<string, unknown>>, name: string): string {
  let candidate = name;
  for (let i = 2; Object.hasOwn(record, candidate); i++) candidate = `${name} ${i}`;
  return candidate;
}

function scalar(value: Scalar, verdict: KeyVerdict, redactText: RedactText): Scalar {
  if (typeof value === 'boolean') return value;
  if (verdict !== 'none') {
    const label = labelFor(value, verdict);
    if (label !== undefined) return markerFor(label);
  }
  if (typeof value === 'string') return redactText(value);
  // A number is a card or a phone number only when it is long.
  if (value < 1e8 || !Number.isSafeInteger(value)) return value;
  const text = String(value);
  const clean = redactText(text);
  return clean === text ? value : clean;
}

const wholeMarker = /^\[redacted:[a-z0-9-]{1,40}\]$/;

/** The label when a value is secret for its name's sake. */
function labelFor(value: string | number, verdict: KeyVerdict): string | undefined {
  const text = String(value);
  if (wholeMarker.test(text) || isState(text)) return undefined;
  switch (verdict) {
    case 'none':
      return undefined;
    case 'password':
      return 'password';
    case 'token':
      return isTokenValue(value, text) ? 'secret' : undefined;
    case 'code':
      return /^(?=.*\d)[\w -]{3,12}$/.test(text) ? 'secret' : undefined;
    case 'header':
      return 'authorization';
    case 'cookie':
      return text.includes('=') || looksRandom(text) ? 'cookie' : undefined;
    case 'phone':
      return hasDigits(text, 7, 15) ? 'phone' : undefined;
    case 'card':
      return hasDigits(text, 12, 19) ? 'card' : undefined;
  }
}

function isTokenValue(value: string | number, text: string): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 1e5;
  return text.length >= 4 && !text.startsWith('/') && !/^(?:\d{1,5}|https?:\/\/[^?#@]*)$/.test(text);
}

function hasDigits(text: string, least: number, most: number): boolean {
  if (!/^[+()\d\s.*/-]{7,40}$/.test(text)) return false;
  const digits = text.replace(/\D/g, '').length;
  return digits >= least && digits <= most;
}

export function createValueRedaction(
  detection: Detection,
  redactText: RedactText,
): (value: unknown) => unknown {
  const fieldOf = createFields(detection, redactText);

  const visit = (value: unknown, verdict: KeyVerdict, depth: number): unknown => {
    if (typeof value === 'string' || typeof value === 'number') return scalar(value, verdict, redactText);
    if (typeof value !== 'object' || value === null) return value;
    if (verdict === 'password') return markerFor('password');
    if (depth >= deepest) return markerFor('depth');
    if (Array.isArray(value)) return visitArray(value, verdict, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === null
      ? visitRecord(value as Record<string, unknown>, verdict, depth)
      : value;
  };

  const visitArray = (values: readonly unknown[], verdict: KeyVerdict, depth: number): unknown => {
    let changed = false;
    const clean = values.map((value) => {
      const result = visit(value, verdict, depth + 1);
      changed ||= result !== value;
      return result;
    });
    return changed ? clean : values;
  };

  const visitRecord = (record: Record<string, unknown>, outer: KeyVerdict, depth: number): unknown => {
    let changed = false;
    const clean: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(record)) {
      const field = fieldOf(name);
      // Under a token's name, a field that says nothing itself may be the token: { token: { value } }.
      const inherited = field.verdict === 'none' && outer === 'token' && /^(?:value|data|raw)$/i.test(name);
      const result = visit(value, inherited ? 'token' : field.verdict, depth + 1);
      const key = field.name === name ? name : unusedName(clean, field.name);
      changed ||= result !== value || key !== name;
      Object.defineProperty(clean, key, {
        value: result,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return changed ? clean : record;
  };

  return (value) => visit(value, 'none', 0);
}
