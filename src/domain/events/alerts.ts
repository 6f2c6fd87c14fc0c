import { z } from 'zod';

/** What the engine records about alerts. Times are epoch milliseconds of the events' own time, not of the clock. */

const text = (max: number) => z.string().max(max);
const time = z.number();
const count = z.int().min(0);
const labels = z.record(text(200), text(1_000));
const severity = z.enum(['info', 'warning', 'critical']);

/** Who did it: the id of a key, or the name of a channel's user. */
const by = text(200);

/** Enough to draw a transition and to explain it without asking anything else. */
const evidence = z.strictObject({
  window: z.strictObject({ from: time, to: time }),
  /** Absent when there was nothing to compute it from. */
  value: z.number().optional(),
  /** The condition in words: `error_rate above 0.1`. */
  condition: text(500),
  threshold: z.number().optional(),
  recovery: z.number().optional(),
  /** Numbers beside the value: requests, failures, percentiles, what the measure has. */
  figures: z.record(text(100), z.number()),
  /** Of latencies and other distributions: a DDSketch, by the index of each bin. */
  sketch: z
    .strictObject({ accuracy: z.number(), zeros: count, bins: z.array(z.tuple([z.int(), count])).max(2_048) })
    .optional(),
  /** The window in steps, to draw. */
  points: z.array(z.strictObject({ time, value: z.number().optional(), volume: count })).max(120),
  topErrors: z
    .array(
      z.strictObject({
        fingerprint: text(64),
        errorCode: text(200).optional(),
        message: text(500),
        count,
        requestIds: z.array(text(300)).max(3),
      }),
    )
    .max(5),
  operations: z
    .array(z.strictObject({ service: text(300), operation: text(200), requests: count, failed: count }))
    .max(10),
  users: z.strictObject({ affected: count, exact: z.boolean() }),
  related: z
    .array(z.strictObject({ episode: text(64), rule: text(200), labels, severity, since: time }))
    .max(10),
  deploys: z.array(z.strictObject({ time, service: text(300), name: text(300) })).max(5),
});

/** Which episode of which rule, and which step of it this is. */
const step = {
  episode: text(64),
  rule: text(200),
  ruleVersion: z.int().min(1),
  labels,
  /** Counts the steps of the episode, from 1. */
  number: z.int().min(1),
  at: time,
};

/** What is shown of an alert, written down when it fires so that later rules change nothing of it. */
const shown = {
  title: text(500),
  description: text(4_000),
  playbook: z.array(text(1_000)).max(30),
  runbook: text(2_000).optional(),
  dashboard: text(4_000).optional(),
  /** Of the rule, for routing. */
  ruleLabels: labels,
  annotations: z.record(text(200), text(4_000)),
  /** Shown, but nobody is told. */
  quiet: z.boolean(),
};

const dataReasons = ['no_traffic', 'too_little', 'source_silent'] as const;
const resolutionCauses = ['recovered', 'no_data', 'person', 'rule_changed', 'rule_removed'] as const;
export const verdicts = ['real', 'noise', 'duplicate'] as const;
export const withheldReasons = [
  'silenced',
  'inhibited',
  'muted',
  'acknowledged',
  'flapping',
  'quiet',
] as const;
export const notificationReasons = [
  'fired',
  'changed',
  'resolved',
  'repeated',
  'escalated',
  'flapping',
  'calmed',
] as const;

const matcher = z.strictObject({
  label: text(200).min(1),
  operator: z.enum(['=', '!=', '=~', '!~']),
  value: text(500),
});

const notification = { notification: text(64) };

export const alertSchemas = {
  /** A whole rules file at once, as it was given, with what it was read as. */
  RulesChanged: z.strictObject({
    revision: z.int().min(1),
    source: z.enum(['builtin', 'file', 'api']),
    by,
    /** The text in YAML or JSON. */
    text: text(1_000_000),
    /** The version of each rule by its name. */
    versions: z.record(text(200), z.int().min(1)),
  }),
  /** From here on events can come in again: what was silent before had nobody to speak to. */
  EngineStarted: z.strictObject({ version: text(100) }),
  /** Time has passed without traffic, and something was waiting for it. */
  ClockAdvanced: z.strictObject({ to: time }),

  /** The condition holds, but not yet for long enough. */
  AlertSuspected: z.strictObject({ ...step, severity, evidence }),
  /** It ended before it had held for long enough. */
  AlertDismissed: z.strictObject({ ...step, evidence }),
  AlertFired: z.strictObject({ ...step, severity, activeSince: time, ...shown, evidence }),
  /** The title is empty when it gets less severe: then the one before stays. */
  AlertSeverityChanged: z.strictObject({ ...step, severity, from: severity, title: text(500), evidence }),
  /** The condition no longer holds; the alert keeps firing for a while. */
  AlertRecoveryBegan: z.strictObject({ ...step, evidence }),
  /** The condition holds again before it has resolved. */
  AlertRelapsed: z.strictObject({ ...step, evidence }),
  AlertDataLost: z.strictObject({ ...step, reason: z.enum(dataReasons), evidence }),
  AlertDataReturned: z.strictObject({ ...step, evidence }),
  AlertResolved: z.strictObject({
    ...step,
    cause: z.enum(resolutionCauses),
    by: by.optional(),
    evidence: evidence.optional(),
  }),
  /** Late events have changed the figures of an earlier step, which stays as it was decided. */
  AlertAmended: z.strictObject({ ...step, amends: z.int().min(1), lateEvents: count, evidence }),
  /** Nothing is decided meanwhile, and nothing resolved. */
  RuleEvaluationFailed: z.strictObject({
    rule: text(200),
    ruleVersion: z.int(),
    at: time,
    reason: text(500),
  }),
  RuleEvaluationRestored: z.strictObject({ rule: text(200), ruleVersion: z.int(), at: time }),

  AlertAcknowledged: z.strictObject({ episode: text(64), by, comment: text(2_000).optional() }),
  /** A person takes it as done; the processor then resolves the episode. */
  AlertResolutionRequested: z.strictObject({ episode: text(64), by, comment: text(2_000).optional() }),
  AlertJudged: z.strictObject({
    episode: text(64),
    rule: text(200),
    verdict: z.enum(verdicts),
    /** Of a duplicate: the episode that it repeats. */
    duplicateOf: text(64).optional(),
    by,
    comment: text(2_000).optional(),
  }),
  SilenceCreated: z.strictObject({
    silence: text(64),
    matchers: z.array(matcher).min(1).max(20),
    from: time,
    until: time,
    by,
    comment: text(2_000),
  }),
  SilenceEnded: z.strictObject({ silence: text(64), by }),

  /** Decided to be sent; the rest of its stream tells what became of it. */
  NotificationRequested: z.strictObject({
    ...notification,
    channel: text(200),
    route: text(200),
    reason: z.enum(notificationReasons),
    group: text(64),
    groupLabels: labels,
    severity,
    alerts: z
      .array(
        z.strictObject({
          episode: text(64),
          rule: text(200),
          labels,
          severity,
          state: z.enum(['firing', 'recovering', 'resolved']),
          title: text(500),
          since: time,
        }),
      )
      .max(100),
    /** Alerts beyond those that are named. */
    more: count,
  }),
  /** Written before the attempt, so that one whose end nobody saw is known as such. */
  NotificationAttempted: z.strictObject({ ...notification, channel: text(200), attempt: z.int().min(1) }),
  NotificationDelivered: z.strictObject({
    ...notification,
    channel: text(200),
    attempt: z.int().min(1),
    tookMs: z.number(),
    answer: text(500).optional(),
  }),
  NotificationRefused: z.strictObject({
    ...notification,
    channel: text(200),
    attempt: z.int().min(1),
    reason: text(1_000),
    /** Absent when it is not tried again. */
    retryAt: time.optional(),
    /** The channel asked to be left alone until then, whatever the notification. */
    pausedUntil: time.optional(),
  }),
  /** An alert that would have been told of, and why it was not. */
  NotificationWithheld: z.strictObject({
    episode: text(64),
    route: text(200),
    reason: z.enum(withheldReasons),
    /** The silence, inhibition or mute time that did it. */
    because: text(200).optional(),
  }),
} satisfies Record<string, z.ZodType>;

export type AlertEventType = keyof typeof alertSchemas;
export const alertEventTypes = Object.keys(alertSchemas) as readonly AlertEventType[];
export type Evidence = z.infer<typeof evidence>;
export type EvidenceSketch = NonNullable<Evidence['sketch']>;
