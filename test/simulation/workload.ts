import { rulesStream } from '../../src/domain/alerts/identity.ts';
import { eventOf } from '../../src/domain/alerts/processor/decision.ts';
import { readRules } from '../../src/domain/alerts/rules/read.ts';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import { drawUuid, type Random } from '../../src/domain/simulation/random.ts';
import type { StreamAppend } from '../../src/projections/ports.ts';
import { event } from '../support/events.ts';

const rules = `
lateness: 500ms
idle: 3s
rules:
  - { name: failures, title: t, measure: failed_requests, by: [service], window: 10s, every: 1s, warning: { atLeast: 3 } }
  - { name: quiet, title: t, measure: silence, by: [service], window: 1h, every: 1s, info: { above: 12s } }
`;

const project = 'shop';

export function rulesAppend(random: Random, at: number): StreamAppend {
  const read = readRules(rules);
  if (read.kind === 'refused') throw new Error(JSON.stringify(read.faults));
  const data = {
    revision: 1,
    source: 'api' as const,
    by: 'ann',
    text: rules,
    versions: { ...read.versions },
  };
  const change = eventOf('RulesChanged', data, { id: drawUuid(random, at), at, project });
  return { stream: rulesStream, events: [change], expected: 'any' };
}

/** A few events of a few services, now and then with a service that fails. */
export function trafficAppend(random: Random, at: number, services: number): StreamAppend {
  const isBad = random.chance(0.4);
  const events = Array.from({ length: 1 + random.int(6) }, () => oneEvent(random, at, services, isBad));
  return { stream: 'telemetry', events, expected: 'any' };
}

function oneEvent(random: Random, at: number, services: number, isBad: boolean): NewEvent {
  const envelope = {
    id: drawUuid(random, at),
    project,
    service: `bot ${isBad ? 0 : random.int(services)}`,
    occurredAt: at - random.int(random.chance(0.1) ? 3_000 : 200),
  };
  if (random.chance(0.2)) return event('LogWritten', { ...envelope, data: { message: `m${random.int(9)}` } });
  if (random.chance(0.1)) return event('ErrorCaptured', envelope);
  const status = isBad && random.chance(0.7) ? 'error' : 'success';
  return event('RequestCompleted', { ...envelope, data: { status, durationMs: random.int(500) } });
}
