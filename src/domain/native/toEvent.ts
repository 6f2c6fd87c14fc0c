import { type Attributes, currentVersion } from '../events/catalogue.ts';
import type { NewEvent } from '../events/envelope.ts';
import { Refusal } from '../refusal.ts';
import { attributesOf } from './attributes.ts';
import { explainNative } from './explain.ts';
import { fitsNative } from './fits.ts';
import { type Kind, kinds } from './kinds.ts';
import type { Native, NativeField } from './schema.ts';
import { withCleanTexts } from './text.ts';
import { parseTime } from './time.ts';

export interface NativeContext {
  project: string;
  /** Epoch milliseconds: when the events came in. */
  now: number;
  newId: () => string;
  /** The texts are known to hold no NUL and no lone surrogate: in JSON only `\u` escapes can write them. */
  cleanTexts?: boolean;
}

const refused = (message: string) => new Refusal('CHR_INVALID_EVENT', message);

function homelessIn(native: Native, kind: Kind): readonly NativeField[] {
  let all = kind.homeless;
  for (const [first, second] of kind.shared) {
    if (native[first] && native[second] && native[first] !== native[second]) all = [...all, second];
  }
  return all;
}

/** Optional fields are added only when they say something: an event never carries an empty one. */
function correlate(event: NewEvent, native: Native): void {
  if (native.requestId) event.requestId = native.requestId;
  if (native.traceId) event.traceId = native.traceId;
  if (native.spanId) event.spanId = native.spanId;
  if (native.parentSpanId) event.parentSpanId = native.parentSpanId;
  if (native.userId) event.userId = native.userId;
}

/** An event of the catalogue from one in the short form, or the reason why it cannot be one. */
export function toEvent(sent: unknown, context: NativeContext): NewEvent | Refusal {
  if (!fitsNative(sent)) return refused(explainNative(sent));
  const native = context.cleanTexts === true ? sent : withCleanTexts(sent);
  const occurredAt =
    native.time === undefined || native.time === null || native.time === ''
      ? context.now
      : parseTime(native.time, context.now);
  if (typeof occurredAt === 'string') return refused(occurredAt);
  const kind = kinds[native.type];
  const data: { attributes?: Attributes | undefined } | string = kind.data(native);
  if (typeof data === 'string') return refused(data);
  const attributes = attributesOf(native, homelessIn(native, kind));
  if (attributes !== undefined) data.attributes = attributes;
  // The table of kinds ties each type to the maker of its data; the compiler cannot follow that through a union.
  const event = {
    id: native.id ? native.id.toLowerCase() : context.newId(),
    type: kind.type,
    version: currentVersion[kind.type],
    occurredAt,
    project: context.project,
    service: native.service ? native.service : 'default',
    data,
  } as NewEvent;
  correlate(event, native);
  return event;
}
