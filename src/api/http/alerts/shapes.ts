import { z } from 'zod';
import { severities } from '../../../domain/alerts/rule.ts';
import { verdicts } from '../../../domain/events/alerts.ts';
import type { AlertEpisode } from '../../../projections/queries/alerts.ts';
import { timeOf } from '../../../projections/queries/selection.ts';
import { count, instant, ms } from '../reads/shapes.ts';

/** How alerts look in answers. */

export const alertStates = ['pending', 'firing', 'recovering', 'resolved', 'dismissed'] as const;

/** What holds an alert's notifications back; undefined for one that is over. */
export interface AlertFlags {
  silencedBy: readonly string[];
  inhibitedBy: readonly string[];
  flapping: boolean;
  muted: boolean;
}

export type FlagsOf = (episode: string) => AlertFlags | undefined;

export const alertShape = z.object({
  id: z.string().describe('Of the episode').meta({ example: 'ep_ac4059bd7f5a3b44' }),
  rule: z.string(),
  ruleVersion: count,
  project: z.string(),
  labels: z.record(z.string(), z.string()),
  severity: z.enum(severities),
  state: z
    .enum(alertStates)
    .describe(
      '`pending` until it has held for long enough, `recovering` while it keeps firing although the condition has let go, `dismissed` when it never fired',
    ),
  title: z.string(),
  description: z.string().describe('Empty until it fires'),
  startedAt: instant.describe('Since when its condition held'),
  firedAt: instant.optional(),
  resolvedAt: instant.optional().describe('When it was over'),
  durationMs: ms.optional().describe('How long it fired, or has been firing; absent when it never did'),
  value: z
    .number()
    .optional()
    .describe('The newest figure; absent when there was nothing to compute it from'),
  threshold: z.number().optional(),
  cause: z.string().optional().describe('Why it was resolved'),
  acknowledged: z.object({ by: z.string(), at: instant, comment: z.string().optional() }).optional(),
  silencedBy: z.array(z.string()).optional().describe('Silences that hold its notifications back now'),
  inhibitedBy: z.array(z.string()).optional().describe('Alerts that hold its notifications back now'),
  flapping: z.boolean().optional(),
  muted: z.boolean().optional().describe('In a stretch of the week in which nothing is sent'),
  quiet: z.boolean().describe('Shown, but nobody is told'),
  verdict: z.enum(verdicts).optional().describe('What people said of it last'),
  runbook: z.string().optional(),
  dashboard: z.string().optional(),
});

export interface ShowOptions {
  project: string;
  now: number;
  flags: AlertFlags | undefined;
}

export function shownAlert(episode: AlertEpisode, { project, now, flags }: ShowOptions) {
  const { startedAt, firedAt, resolvedAt, acknowledged, value, threshold, cause } = episode;
  const { id, rule, ruleVersion, labels, severity, state, description, runbook, dashboard, quiet } = episode;
  return {
    id,
    rule,
    ruleVersion,
    project,
    labels,
    severity,
    state,
    title: episode.title || rule,
    description,
    startedAt: timeOf(startedAt),
    quiet,
    ...(firedAt !== undefined && {
      firedAt: timeOf(firedAt),
      durationMs: Math.max(0, (resolvedAt ?? now) - firedAt),
    }),
    ...(resolvedAt !== undefined && { resolvedAt: timeOf(resolvedAt) }),
    ...(value !== undefined && { value }),
    ...(threshold !== undefined && { threshold }),
    ...(cause !== undefined && { cause }),
    ...(acknowledged !== undefined && { acknowledged: shownSaid(acknowledged) }),
    ...(episode.verdict !== undefined && { verdict: episode.verdict }),
    ...(runbook !== undefined && { runbook }),
    ...(dashboard !== undefined && { dashboard }),
    ...(flags !== undefined && {
      ...flags,
      silencedBy: [...flags.silencedBy],
      inhibitedBy: [...flags.inhibitedBy],
    }),
  };
}

export const shownSaid = ({ by, at, comment }: { by: string; at: number; comment?: string | undefined }) => ({
  by,
  at: timeOf(at),
  ...(comment !== undefined && { comment }),
});
