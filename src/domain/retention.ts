import type { EventType } from './events/catalogue.ts';

/** How long an event is kept: `raw` telemetry the shortest, what explains months later longer, what decides for ever. */
export type EventRetention = 'raw' | 'long' | 'kept';

const dayMs = 86_400_000;

export function retentionOf(type: EventType): EventRetention {
  switch (type) {
    case 'RequestCompleted':
    case 'ErrorCaptured':
    case 'LogWritten':
    case 'SpanCompleted':
    case 'MetricRecorded':
    case 'JobRecorded':
    case 'HealthChecked':
    case 'RateLimitObserved':
      return 'raw';
    case 'ClockAdvanced':
    case 'EngineStarted':
      return 'raw';
    case 'DeployRecorded':
    case 'FeedbackGiven':
    case 'NotificationRequested':
    case 'NotificationAttempted':
    case 'NotificationDelivered':
    case 'NotificationRefused':
    case 'NotificationWithheld':
      return 'long';
    case 'AlertSuspected':
    case 'AlertDismissed':
    case 'AlertFired':
    case 'AlertSeverityChanged':
    case 'AlertRecoveryBegan':
    case 'AlertRelapsed':
    case 'AlertDataLost':
    case 'AlertDataReturned':
    case 'AlertResolved':
    case 'AlertAmended':
    case 'RuleEvaluationFailed':
    case 'RuleEvaluationRestored':
    case 'AlertAcknowledged':
    case 'AlertResolutionRequested':
    case 'AlertJudged':
      return 'long';
    case 'KeyIssued':
    case 'KeyRevoked':
    case 'RulesChanged':
    case 'SilenceCreated':
    case 'SilenceEnded':
      return 'kept';
  }
}

/** Retention goes by whole days, so that the log and the read models, which are kept by day, forget the same. */
export const startOfDay = (time: number): number => Math.floor(time / dayMs) * dayMs;

export const expiryOf = (now: number, days: number): number => startOfDay(now - days * dayMs);
