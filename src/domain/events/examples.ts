import { nativeExamples } from '../native/examples.ts';
import { toEvent } from '../native/toEvent.ts';
import { Refusal } from '../refusal.ts';
import { alertExamples } from './alertExamples.ts';
import type { EventType } from './catalogue.ts';
import type { NewEvent } from './envelope.ts';

const noon = Date.UTC(2026, 0, 31, 12);
const id = '01939e1f-5b1c-7d35-8f52-0b1a2c3d4e5f';
const envelope = { id, version: 1, occurredAt: noon, project: 'default', service: 'chronoscope' };

/** What the engine records about itself has no short form to come from. */
const own: readonly NewEvent[] = [
  {
    ...envelope,
    type: 'KeyIssued',
    data: {
      keyId: 'k_7f3a91',
      hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      role: 'ingest',
      name: 'shop-bot',
      keyProject: 'shop',
    },
  },
  { ...envelope, type: 'KeyRevoked', data: { keyId: 'k_7f3a91' } },
];

/** One event of each type of the catalogue, those of the short form made from its examples. */
export function exampleEvents(): ReadonlyMap<EventType, NewEvent> {
  const context = { project: 'shop', now: noon, newId: () => id };
  const sent = Object.values(nativeExamples).map((native) => toEvent(native, context));
  const events = sent.filter((event): event is NewEvent => !(event instanceof Refusal));
  return new Map([...events, ...own, ...alertExamples].map((event) => [event.type, event]));
}
