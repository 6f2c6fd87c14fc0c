import type { NewEvent, RecordedEvent } from '../../events/envelope.ts';
import { asPosition } from '../../position.ts';
import type { PlannedNotification } from '../notify/plan.ts';
import { Planner } from '../notify/planner.ts';
import type { Decision } from '../processor/decision.ts';
import type { Policy } from '../rule.ts';
import type { BacktestNotification } from './result.ts';

/**
 * Who would have been told what. It knows channels by their names and has none of them, so that nothing can be sent; each
 * notification counts as delivered at the moment at which it was planned.
 */

const mostKept = 5_000;
/** After planning nothing where something was expected. */
const restMs = 1_000;
/** Of planning at one moment: what has been told leads to nothing more to tell. */
const mostRounds = 20;
const nowhere = asPosition('0');

export class Notices {
  readonly #planner: Planner;
  #nextDue: number | undefined;
  readonly list: BacktestNotification[] = [];
  readonly byChannel = new Map<string, number>();
  readonly byRule = new Map<string, number>();
  count = 0;

  constructor(policy: Policy, channels: readonly string[]) {
    this.#planner = new Planner(policy, channels);
  }

  get more(): number {
    return this.count - this.list.length;
  }

  /** What people did at the time, which is in the log. */
  take(event: RecordedEvent): void {
    this.passTo(event.recordedAt);
    this.#planner.observe(event);
    this.#nextDue = this.#planner.nextDue(event.recordedAt);
  }

  decide(decisions: readonly Decision[], now: number): void {
    if (decisions.length === 0) return;
    this.passTo(now);
    for (const { event, stream } of decisions) this.#planner.observe(recorded(event, stream, now));
    this.#nextDue = this.#planner.nextDue(now);
  }

  /** Time passes, and what waited for it is planned. */
  passTo(now: number): void {
    let rounds = 0;
    let before = Number.NEGATIVE_INFINITY;
    while (this.#nextDue !== undefined && this.#nextDue <= now) {
      const at = this.#nextDue;
      rounds = at === before ? rounds + 1 : 0;
      before = at;
      const planned = this.#planner.due(at);
      for (const one of planned) this.#carryOut(one, at);
      const rests = planned.length === 0 || rounds > mostRounds;
      this.#nextDue = this.#planner.nextDue(rests ? at + restMs : at);
    }
  }

  #carryOut(planned: PlannedNotification, at: number): void {
    const { id, project, stream, event } = planned;
    const envelope = { id, version: 1, occurredAt: planned.at, project, service: 'chronoscope' };
    this.#planner.observe(recorded({ ...envelope, ...event }, stream, at));
    if (event.type !== 'NotificationRequested') return;
    const { notification, channel } = event.data;
    const delivery = {
      type: 'NotificationDelivered',
      data: { notification, channel, attempt: 1, tookMs: 0 },
    };
    this.#planner.observe(recorded({ ...envelope, ...delivery } as NewEvent, stream, at));
    this.#note(event.data, at);
  }

  #note(data: RecordedEvent<'NotificationRequested'>['data'], at: number): void {
    const { channel, route, reason, severity } = data;
    this.count++;
    this.byChannel.set(channel, (this.byChannel.get(channel) ?? 0) + 1);
    for (const rule of new Set(data.alerts.map((alert) => alert.rule))) {
      this.byRule.set(rule, (this.byRule.get(rule) ?? 0) + 1);
    }
    if (this.list.length >= mostKept) return;
    const alerts = data.alerts.map(({ episode, rule, state }) => ({ episode, rule, state }));
    this.list.push({ at, channel, route, reason, severity, alerts });
  }
}

const recorded = (event: NewEvent, stream: string, recordedAt: number): RecordedEvent => ({
  ...event,
  stream,
  recordedAt,
  position: nowhere,
});
