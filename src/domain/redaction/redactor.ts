import type { Attributes } from '../events/catalogue.ts';
import type { NewEvent } from '../events/envelope.ts';
import { type Detection, detect, type Reading } from './detect.ts';
import { redactEventWith } from './events.ts';
import { createKeyClassifier } from './keys.ts';
import { kindSwitches, type RedactionOptions } from './options.ts';
import { compilePatterns } from './patterns.ts';
import { createPseudonyms } from './pseudonyms.ts';
import { Feature, scan } from './scan.ts';
import { type Finding, findMarkers, markerFor, mergeFindings, splice } from './spans.ts';
import { createAttributeRedaction, createValueRedaction } from './structures.ts';
import { skeletonOf } from './unicode.ts';

/** Each method gives back the very object it was given when there was nothing to remove. */
export interface Redactor {
  redactText(text: string): string;
  /** An id that other events share: what is removed is replaced by a stable pseudonym instead of a marker. */
  redactIdentifier(id: string): string;
  redactAttributes(attributes: Attributes): Attributes;
  /** Nested objects and arrays, as JSON has them. */
  redactValue(value: unknown): unknown;
  redactEvent(event: NewEvent): NewEvent;
}

// Removing one thing can lay another bare. Each round leaves less text, and no text of this world needs three.
const mostRounds = 8;

export function createRedactor(options: RedactionOptions = {}): Redactor {
  const detection: Detection = {
    switches: kindSwitches(options.kinds),
    keys: createKeyClassifier(options.extraKeys ?? [], options.safeKeys ?? []),
    patterns: compilePatterns(options.extraPatterns ?? []),
  };
  const allowed = new Set((options.allow ?? []).map((value) => value.toLowerCase()));
  const pseudonym = createPseudonyms(options.keyedHash);
  const always = detection.patterns.length > 0 || detection.switches.ip;

  const round = (text: string, features: number, reading: Reading): string => {
    const found = findingsIn(text, features, reading, detection);
    const wanted =
      allowed.size === 0
        ? found
        : found.filter((f) => !allowed.has(text.slice(f.start, f.end).toLowerCase()));
    if (wanted.length === 0) return text;
    const merged = mergeFindings(wanted, findMarkers(text));
    return splice(text, merged, (finding) =>
      reading === 'whole'
        ? markerFor(finding.label)
        : pseudonym(finding.label, text.slice(finding.start, finding.end)),
    );
  };

  const redact = (text: string, reading: Reading): string => {
    const features = scan(text);
    if (features === 0 && !always) return text;
    let before = text;
    for (let i = 0; i < mostRounds; i++) {
      const after = round(before, i === 0 ? features : scan(before), reading);
      if (after === before) return after;
      before = after;
    }
    return markerFor('text');
  };

  const redactText = (text: string): string => redact(text, 'whole');
  const redactIdentifier = (id: string): string => redact(id, 'identifier');
  const redactAttributes = createAttributeRedaction(detection, redactText);
  return {
    redactText,
    redactIdentifier,
    redactAttributes,
    redactValue: createValueRedaction(detection, redactText),
    redactEvent: (event) => redactEventWith(event, { redactText, redactIdentifier, redactAttributes }),
  };
}

/** Texts that hide something are searched as their reader sees them. */
function findingsIn(text: string, features: number, reading: Reading, detection: Detection): Finding[] {
  if ((features & Feature.odd) === 0) return detect(text, features, reading, detection);
  const skeleton = skeletonOf(text);
  const found = detect(skeleton.text, scan(skeleton.text), reading, detection);
  return found.map(({ start, end, label }) => ({
    start: skeleton.starts[start] as number,
    end: skeleton.ends[end - 1] as number,
    label,
  }));
}
