import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { severities } from '../../domain/alerts/rule.ts';

/** What Prometheus can scrape of the alerts: what is decided, how late, and what becomes of the notifications. */

export interface AlertGauges {
  firing(): readonly { severity: string }[];
  processorLagMs(): Promise<number>;
  series(): number;
  tooLate(): number;
  waiting(): readonly { channel: string; waiting: number }[];
}

const decisionBuckets = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300];
const deliveryBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createAlertFigures(registry: Registry) {
  const registers = [registry];
  return {
    steps: new Counter({
      name: 'chronoscope_alert_steps_total',
      help: 'Steps of alerts that were decided, by what they were',
      labelNames: ['type'],
      registers,
    }),
    decisionSeconds: new Histogram({
      name: 'chronoscope_alert_decision_seconds',
      help: 'From the time that an alert speaks of to its being decided',
      buckets: decisionBuckets,
      registers,
    }),
    failures: new Counter({
      name: 'chronoscope_alert_processor_failures_total',
      help: 'Times that deciding or recording failed and was tried again',
      registers,
    }),
    notifications: new Counter({
      name: 'chronoscope_notifications_total',
      help: 'Attempts to tell people, by what became of them',
      labelNames: ['channel', 'outcome'],
      registers,
    }),
    deliverySeconds: new Histogram({
      name: 'chronoscope_notification_seconds',
      help: 'From the request of a notification to its delivery',
      labelNames: ['channel'],
      buckets: deliveryBuckets,
      registers,
    }),
  };
}

export type AlertFigures = ReturnType<typeof createAlertFigures>;

export function registerAlertGauges(registry: Registry, gauges: AlertGauges): void {
  const registers = [registry];
  new Gauge({
    name: 'chronoscope_alerts_firing',
    help: 'Alerts that fire, by severity',
    labelNames: ['severity'],
    registers,
    collect() {
      const firing = gauges.firing();
      for (const severity of severities) {
        this.set({ severity }, firing.filter((alert) => alert.severity === severity).length);
      }
    },
  });
  new Gauge({
    name: 'chronoscope_alert_processor_lag_seconds',
    help: 'How far the alert processor is behind the log',
    registers,
    async collect() {
      this.set((await gauges.processorLagMs().catch(() => Number.NaN)) / 1_000);
    },
  });
  new Gauge({
    name: 'chronoscope_alert_series',
    help: 'Label sets that the alert processor follows, over all rules',
    registers,
    collect() {
      this.set(gauges.series());
    },
  });
  new Counter({
    name: 'chronoscope_alert_events_too_late_total',
    help: 'Times that an event came too late for the windows of a rule: a clock that is behind, or a long queue',
    registers,
    collect() {
      this.reset();
      this.inc(gauges.tooLate());
    },
  });
  new Gauge({
    name: 'chronoscope_notifications_waiting',
    help: 'Notifications that are on their way, by channel',
    labelNames: ['channel'],
    registers,
    collect() {
      this.reset();
      for (const { channel, waiting } of gauges.waiting()) this.set({ channel }, waiting);
    },
  });
}
