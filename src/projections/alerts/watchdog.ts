import { type Alert, initialAlert, type Subject } from '../../domain/alerts/alert.ts';
import { decideAlert } from '../../domain/alerts/episode.ts';
import { alertStream } from '../../domain/alerts/identity.ts';
import type { Decision } from '../../domain/alerts/processor/decision.ts';
import { decisionOf } from '../../domain/alerts/processor/evidence.ts';
import { isStep, recalled } from '../../domain/alerts/processor/judged.ts';
import { type Rule, watchdogRule } from '../../domain/alerts/rule.ts';
import { durationText } from '../../domain/alerts/texts.ts';
import { pause } from '../batchWindow.ts';
import type { EventLog } from '../ports.ts';
import { createDecisionWriter } from './decisionWriter.ts';

/**
 * Watches the one who watches: when alerts are decided late or not at all, this says so. It goes by the clock and not by
 * the log, and has no part in what a replay decides.
 */

/** How far the decisions are behind, by the clock; nothing that is stuck can answer otherwise. */
export type Behind = () => Promise<number>;

export interface WatchdogDeps {
  log: Pick<EventLog, 'append' | 'readStream'>;
  behind: Behind;
  /** Epoch milliseconds. */
  clock: () => number;
  onError: (error: unknown) => void;
  everyMs?: number;
}

const everyMs = 5_000;

const rule: Rule = {
  name: watchdogRule,
  version: 1,
  measure: { kind: 'silence' },
  select: [],
  by: ['service'],
  windowMs: 60_000,
  everyMs,
  levels: [
    { severity: 'warning', comparison: 'above', threshold: 30_000, recovery: 10_000, forMs: 0 },
    { severity: 'critical', comparison: 'above', threshold: 120_000, recovery: 30_000, forMs: 0 },
  ],
  keepFiringForMs: 30_000,
  minimumVolume: 0,
  minimumFailures: 0,
  noData: 'keep',
  title: 'Alerts are decided {{value}} late',
  description:
    'The alert processor is behind the log, or does not get on at all. What breaks meanwhile is told late.',
  playbook: [
    'Look at /v1/positions: how far behind it is, and the error that it meets.',
    "Look at the engine's own log for what fails: the disk, or rules over too many label values.",
    'When the machine is out of processor time, give it more, or let events be sampled where they are sent.',
    'A restart loses nothing: what was missed is decided then.',
  ],
  runbook: 'docs/alerts.md#alert-processor-behind',
  dashboard: undefined,
  labels: {},
  annotations: {},
  quiet: false,
};

const subject: Subject = { rule, project: 'default', labels: { service: 'chronoscope' } };
const stream = alertStream(subject.project, rule.name, subject.labels);
const nothingAround = {
  topErrors: [],
  operations: [],
  users: { affected: 0, exact: true },
  related: [],
  deploys: [],
};

export function startWatchdog(deps: WatchdogDeps): { stop(): Promise<void> } {
  const { log, behind, clock, onError } = deps;
  const stopping = new AbortController();
  const writer = createDecisionWriter(log);
  let alert: Alert | undefined;

  async function restored(): Promise<Alert> {
    let tracked = { labels: subject.labels, alert: initialAlert(rule), late: 0, amendedAt: 0, firedOn: 0 };
    for await (const events of log.readStream(stream)) {
      for (const event of events) if (isStep(event)) tracked = recalled(tracked, event, rule);
    }
    return tracked.alert;
  }

  async function look(): Promise<void> {
    const before = alert ?? (await restored());
    const value = await behind();
    const at = clock();
    const outcome = decideAlert({ kind: 'evaluate', at, verdict: { kind: 'value', value } }, before, subject);
    let severity = before.episode?.severity ?? 'warning';
    const decisions = outcome.facts.map((fact) => {
      if ('severity' in fact) severity = fact.severity;
      const details = { figures: { behindMs: value }, points: [] };
      const reading = { value, volume: 1 };
      return inItsWords(
        decisionOf(fact, subject, severity, { reading, details, surroundings: nothingAround }),
      );
    });
    await writer.write(decisions);
    alert = outcome.alert;
  }

  const run = async (): Promise<void> => {
    const { signal } = stopping;
    while (!signal.aborted) {
      await pause(deps.everyMs ?? everyMs, signal);
      if (signal.aborted) return;
      await look().catch(onError);
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** The measure has no name of its own, for no rule of a user's can have it. */
function inItsWords(decision: Decision): Decision {
  const data = decision.event.data as { evidence?: { condition: string; threshold?: number } };
  if (data.evidence !== undefined) {
    data.evidence.condition = `delay of the alert processor > ${durationText(data.evidence.threshold ?? 0)}`;
  }
  return decision;
}
