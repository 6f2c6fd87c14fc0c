import { anomalyKind } from '../measures/anomaly.ts';
import { countKind } from '../measures/counts.ts';
import { jobKind } from '../measures/jobs.ts';
import type { Kind } from '../measures/kind.ts';
import { newErrorKind } from '../measures/newErrors.ts';
import { requestKind } from '../measures/requests.ts';
import { healthValue, limitValue, metricValue, sampleKind } from '../measures/samples.ts';
import { silenceKind } from '../measures/silence.ts';
import type { Rule } from '../rule.ts';
import type { ReadFault } from './faults.ts';

/** Which rules can share their series, and what these are made of. */

export interface WatchPlan {
  /** Says everything that the series depend on. */
  key: string;
  rules: readonly Rule[];
}

export function planWatches(rules: readonly Rule[]): WatchPlan[] {
  const plans = new Map<string, Rule[]>();
  for (const rule of rules) {
    const key = keyOf(rule);
    plans.set(key, [...(plans.get(key) ?? []), rule]);
  }
  return [...plans].map(([key, sharing]) => ({ key, rules: sharing }));
}

const keyOf = ({ measure, select, by, windowMs, everyMs }: Rule): string =>
  JSON.stringify([sourceOf(measure), select, by, windowMs, everyMs]);

/** Measures of requests read the same windows, as long as none of them needs more than counts. */
function sourceOf(measure: Rule['measure']): unknown {
  switch (measure.kind) {
    case 'requests':
    case 'failed_requests':
    case 'error_rate':
      return 'requests';
    case 'latency':
      return 'latencies';
    case 'burn_rate':
      return ['budget', measure.slowerThanMs ?? null];
    case 'metric':
      return ['metric', measure.aggregate];
    case 'anomaly':
      return ['anomaly', measure.of, measure.days];
    default:
      return measure.kind;
  }
}

export function kindFor({ measure, windowMs, everyMs }: Rule, readFault: ReadFault): Kind {
  const span = { windowMs, everyMs };
  switch (measure.kind) {
    case 'requests':
    case 'failed_requests':
    case 'error_rate':
      return requestKind({ ...span, sketch: false, slowerThanMs: undefined });
    case 'latency':
      return requestKind({ ...span, sketch: true, slowerThanMs: undefined });
    case 'burn_rate':
      return requestKind({ ...span, sketch: false, slowerThanMs: measure.slowerThanMs });
    case 'errors':
      return countKind('ErrorCaptured', span);
    case 'logs':
      return countKind('LogWritten', span);
    case 'metric':
      return sampleKind({
        type: 'MetricRecorded',
        windowMs,
        aggregate: measure.aggregate,
        sampleOf: metricValue,
      });
    case 'health':
      return sampleKind({ type: 'HealthChecked', windowMs, aggregate: 'last', sampleOf: healthValue });
    case 'rate_limit':
      return sampleKind({ type: 'RateLimitObserved', windowMs, aggregate: 'last', sampleOf: limitValue });
    case 'job':
      return jobKind(span);
    case 'silence':
      return silenceKind(span);
    case 'new_error':
      return newErrorKind(span, readFault);
    case 'anomaly':
      return anomalyKind({ ...span, of: measure.of, days: measure.days });
  }
}

/** How far back the events lie that its readings rest on. */
export function reachOf({ measure, windowMs }: Rule): number {
  switch (measure.kind) {
    case 'anomaly':
      return (measure.days + 1) * dayMs;
    // An error is new that has not been seen for a month; a week has most of what comes back.
    case 'new_error':
      return Math.max(windowMs, 7 * dayMs);
    default:
      return windowMs;
  }
}

const dayMs = 86_400_000;
