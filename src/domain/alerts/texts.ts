import type { Labels, Measure, Rule, Severity } from './rule.ts';

/** Words for people: what a rule measures, its figures in their unit, and the templates of its texts. */

export type Unit = 'fraction' | 'milliseconds' | 'count' | 'number' | 'times' | 'health';

export function unitOf({ kind }: Measure): Unit {
  switch (kind) {
    case 'error_rate':
    case 'rate_limit':
      return 'fraction';
    case 'latency':
    case 'silence':
      return 'milliseconds';
    case 'requests':
    case 'failed_requests':
    case 'errors':
    case 'logs':
    case 'job':
    case 'new_error':
      return 'count';
    case 'health':
      return 'health';
    case 'burn_rate':
      return 'times';
    case 'metric':
    case 'anomaly':
      return 'number';
  }
}

export function measureText(measure: Measure): string {
  switch (measure.kind) {
    case 'latency':
      return `latency ${typeof measure.of === 'number' ? `p${shortNumber(measure.of * 100)}` : measure.of}`;
    case 'metric':
      return typeof measure.aggregate === 'number'
        ? `p${shortNumber(measure.aggregate * 100)}`
        : measure.aggregate;
    case 'anomaly':
      return `deviation of ${measure.of.replaceAll('_', ' ')}`;
    case 'burn_rate':
      return 'burn rate';
    default:
      return measure.kind.replaceAll('_', ' ');
  }
}

const healthWords = ['healthy', 'degraded', 'unhealthy'] as const;

export function figureText(value: number, unit: Unit): string {
  switch (unit) {
    case 'fraction':
      return `${shortNumber(value * 100)} %`;
    case 'milliseconds':
      return durationText(value);
    case 'times':
      return `${shortNumber(value)}×`;
    case 'health':
      return healthWords[value] ?? shortNumber(value);
    case 'count':
    case 'number':
      return shortNumber(value);
  }
}

/** Three digits tell enough: 0.0512 → 0.0512, 12.345 → 12.3, 123456 stays whole. */
function shortNumber(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1_000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

export function durationText(ms: number): string {
  if (ms < 1_000) return `${shortNumber(ms)} ms`;
  if (ms < 60_000) return `${shortNumber(ms / 1_000)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return withRest(minutes, 'min', Math.floor((ms % 60_000) / 1_000), 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return withRest(hours, 'h', minutes % 60, 'min');
  return withRest(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const withRest = (whole: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${restUnit}`;

/** Many deploys are named after their service already. */
export const deployText = (service: string, name: string): string =>
  name.startsWith(service) ? name : `${service} ${name}`.trim();

export interface TextValues {
  rule: Rule;
  project: string;
  labels: Labels;
  severity: Severity;
  value: number | undefined;
  threshold: number;
  window: { from: number; to: number };
}

/** Fills in `{{name}}` for people. */
export const fillIn = (template: string, values: TextValues): string =>
  filledWith(template, values, (text) => text, momentText);

/** The same for addresses: dashboards take times as milliseconds. */
export const fillInAddress = (template: string, values: TextValues): string =>
  filledWith(template, values, encodeURIComponent, String);

const momentText = (time: number): string =>
  `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function filledWith(
  template: string,
  values: TextValues,
  quote: (text: string) => string,
  timeText: (time: number) => string,
): string {
  const unit = unitOf(values.rule.measure);
  return template.replace(/\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => {
    switch (name) {
      case 'rule':
        return quote(values.rule.name);
      case 'project':
        return quote(values.project);
      case 'severity':
        return values.severity;
      case 'value':
        return values.value === undefined ? 'no data' : quote(figureText(values.value, unit));
      case 'threshold':
        return quote(figureText(values.threshold, unit));
      case 'from':
        return timeText(Math.floor(values.window.from));
      case 'to':
        return timeText(Math.ceil(values.window.to));
      default:
        return quote(values.labels[name] ?? '');
    }
  });
}
