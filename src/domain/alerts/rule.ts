/** What an alert rule says, as plain data. `rules/` reads it from a file, `measures/` computes what it asks for. */

export const severities = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** By how much one severity outranks another. */
export const rankOf = (severity: Severity): number => severities.indexOf(severity);

export const noDataBehaviours = ['keep', 'resolve', 'fire'] as const;
export type NoData = (typeof noDataBehaviours)[number];

export const aggregates = ['last', 'average', 'min', 'max', 'sum', 'count', 'rate', 'increase'] as const;
export type Aggregate = (typeof aggregates)[number];

/** What can be compared with the same hour of past days. */
export const seasonals = ['requests', 'error_rate', 'latency'] as const;
export type Seasonal = (typeof seasonals)[number];

export interface BurnPair {
  longMs: number;
  shortMs: number;
}

/** The figure that a rule watches, in the unit that its thresholds are in. */
export type Measure =
  /** Requests of the window, and those that failed; fractions are 0 to 1. */
  | { kind: 'requests' | 'failed_requests' | 'error_rate' }
  /** Milliseconds. */
  | { kind: 'latency'; of: number | 'average' | 'max' }
  /** Captured errors, and log lines. */
  | { kind: 'errors' | 'logs' }
  | { kind: 'metric'; aggregate: Aggregate | number }
  /** 0 healthy, 1 degraded, 2 unhealthy, as last checked within the window. */
  | { kind: 'health' }
  /** Runs of a job that failed or were missed since the last one that succeeded. */
  | { kind: 'job' }
  /** What is left of a limit, 0 to 1, as last observed within the window. */
  | { kind: 'rate_limit' }
  /** Milliseconds since the last event. */
  | { kind: 'silence' }
  /** How often an error was seen whose fingerprint is first seen within the window. */
  | { kind: 'new_error' }
  /** How many robust standard deviations (MAD) away from the same hour of the past days. */
  | { kind: 'anomaly'; of: Seasonal; days: number }
  /** How many times faster than allowed the error budget of a service level objective is used up, in both windows. */
  | { kind: 'burn_rate'; objective: number; pair: BurnPair; slowerThanMs: number | undefined };

export const comparisons = ['above', 'atLeast', 'below', 'atMost'] as const;
export type Comparison = (typeof comparisons)[number];

/** When a severity is reached, and when it is left again. */
export interface Level {
  severity: Severity;
  comparison: Comparison;
  threshold: number;
  /** Once firing, the condition holds until the figure has passed this one; the threshold itself without a level of its own. */
  recovery: number;
  forMs: number;
}

export const matchOperators = ['=', '!=', '=~', '!~'] as const;

/** One condition on a label, as Alertmanager and Prometheus write them; a missing label is an empty one. */
export interface Matcher {
  label: string;
  operator: (typeof matchOperators)[number];
  value: string;
}

export type Labels = Readonly<Record<string, string>>;

export interface Rule {
  name: string;
  /** Counts the changes of this rule; part of the ids of what it decides. */
  version: number;
  measure: Measure;
  /** Which events count. */
  select: readonly Matcher[];
  /** Labels by which they are told apart; the project always is one. */
  by: readonly string[];
  /** The window is `(T - windowMs, T]` at each evaluation time T, which is a multiple of `everyMs`. */
  windowMs: number;
  everyMs: number;
  /** The least severe first; at least one. */
  levels: readonly Level[];
  keepFiringForMs: number;
  /** With fewer events in the window there is too little to tell, which counts as no data. */
  minimumVolume: number;
  /** Of a share of failures: fewer of them are no fault of the whole, however few requests there were. */
  minimumFailures: number;
  noData: NoData;
  /** Texts may hold `{{service}}` (any label), `{{value}}`, `{{threshold}}`, `{{severity}}`, `{{rule}}`, `{{project}}`, `{{from}}`, `{{to}}`. */
  title: string;
  description: string;
  playbook: readonly string[];
  runbook: string | undefined;
  dashboard: string | undefined;
  /** Added to the labels of its alerts, for routing. */
  labels: Labels;
  annotations: Labels;
  /** Decided and shown, but never notified. */
  quiet: boolean;
}

/** Wall-clock stretches of a week in which nothing is sent. */
export interface MuteTime {
  name: string;
  /** IANA name. */
  timeZone: string;
  /** 0 is Sunday; empty means every day. */
  weekdays: readonly number[];
  /** Minutes of the day, `[from, to)`; a stretch past midnight has `to` below `from`. */
  from: number;
  to: number;
}

export interface EscalationStep {
  /** After the first delivery, when nobody has acknowledged. */
  afterMs: number;
  channels: readonly string[];
}

/** To whom an alert goes; the first route whose matchers all hold takes it. */
export interface Route {
  name: string;
  match: readonly Matcher[];
  channels: readonly string[];
  /** Alerts alike in these labels go out together. */
  groupBy: readonly string[];
  groupWaitMs: number;
  groupIntervalMs: number;
  repeatIntervalMs: number;
  mute: readonly string[];
  escalate: readonly EscalationStep[];
}

/** While an alert that fits `source` fires, those that fit `target` and are `equal` in these labels are held back. */
export interface Inhibition {
  name: string;
  source: readonly Matcher[];
  target: readonly Matcher[];
  equal: readonly string[];
}

export interface Flapping {
  /** So many firings within the window make an alert one that flaps; it calms down when it has been still so long. */
  firings: number;
  windowMs: number;
}

export interface Policy {
  routes: readonly Route[];
  inhibit: readonly Inhibition[];
  mute: readonly MuteTime[];
  flapping: Flapping;
}

/** The engine's own alert about the processor of alerts; no rule may have its name. */
export const watchdogRule = 'alert-processor-behind';

/** Everything that a rules file says. */
export interface RuleSet {
  rules: readonly Rule[];
  policy: Policy;
  /** How long events of a source may be under way before its windows are taken as complete. */
  latenessMs: number;
  /** A source that has sent nothing for so long does not hold the others back. */
  idleMs: number;
}
