import { episodeId, idFrom } from '../../src/domain/alerts/identity.ts';
import type { Evidence } from '../../src/domain/events/alerts.ts';
import type { EventType } from '../../src/domain/events/catalogue.ts';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import { event } from './events.ts';

/** Alerts written by hand, as the processor would have recorded them. */

const minute = 60_000;

export const evidence = (over: Partial<Evidence> = {}): Evidence => ({
  window: { from: 0, to: 5 * minute },
  value: 0.12,
  condition: 'error_rate above 0.1',
  threshold: 0.1,
  figures: { requests: 100, failed: 12 },
  points: [],
  topErrors: [],
  operations: [],
  users: { affected: 0, exact: true },
  related: [],
  deploys: [],
  ...over,
});

export interface Scripted {
  id: string;
  /** One step of the episode; its number counts on by itself. */
  step(type: EventType, at: number, data?: object): NewEvent;
  suspected(at: number, severity?: string): NewEvent;
  fired(at: number, data?: object): NewEvent;
  resolved(at: number): NewEvent;
}

export function script(
  rule: string,
  openedAt: number,
  over: { project?: string; labels?: Record<string, string> } = {},
): Scripted {
  const { project = 'default' } = over;
  const labels = { project, service: 'bot', ...over.labels };
  const id = episodeId(project, rule, labels, openedAt);
  let number = 0;
  const step = (type: EventType, at: number, data: object = {}): NewEvent => {
    number += 1;
    return event(type, {
      id: idFrom(`${id} ${number}`),
      project,
      service: 'chronoscope',
      occurredAt: at,
      data: { episode: id, rule, ruleVersion: 1, labels, number, at, evidence: evidence(), ...data },
    });
  };
  return {
    id,
    step,
    suspected: (at, severity = 'warning') => step('AlertSuspected', at, { severity }),
    fired: (at, data = {}) =>
      step('AlertFired', at, {
        severity: 'warning',
        activeSince: openedAt,
        title: `${rule} of ${labels.service}`,
        description: 'Too many requests fail.',
        playbook: ['Look at the newest deploy.'],
        runbook: 'https://wiki.example.org/x',
        ruleLabels: {},
        annotations: { owner: 'shop' },
        quiet: false,
        ...data,
      }),
    resolved: (at) => step('AlertResolved', at, { cause: 'recovered', evidence: evidence({ value: 0.01 }) }),
  };
}
