import type { PlannedNotification } from '../../../../src/domain/alerts/notify/plan.ts';
import { Planner } from '../../../../src/domain/alerts/notify/planner.ts';
import type { Labels, Matcher, Policy, Route, Severity } from '../../../../src/domain/alerts/rule.ts';
import type { EventData, EventType } from '../../../../src/domain/events/catalogue.ts';
import { eventSchemas } from '../../../../src/domain/events/catalogue.ts';
import type { RecordedEvent } from '../../../../src/domain/events/envelope.ts';
import { asPosition } from '../../../../src/domain/position.ts';

/**
 * A log, a clock and a planner: `given(policy).at(0, fires('api')).until(600).lines`. Times are seconds from the epoch.
 * What the planner asks for is recorded and comes back to it at once, and it is asked when it said that it would be.
 */

export const second = 1_000;
export const route = (over: Partial<Route> = {}): Route => ({
  name: 'all',
  match: [],
  channels: ['chat'],
  groupBy: [],
  groupWaitMs: 30 * second,
  groupIntervalMs: 300 * second,
  repeatIntervalMs: 14_400 * second,
  mute: [],
  escalate: [],
  ...over,
});

export const policy = (over: Partial<Policy> = {}): Policy => ({
  routes: [route()],
  inhibit: [],
  mute: [],
  flapping: { firings: 50, windowMs: 3_600 * second },
  ...over,
});

export const is = (label: string, value: string): Matcher => ({ label, operator: '=', value });

/** What is recorded, except for when. */
export interface Fact {
  type: EventType;
  data: object;
  project?: string;
}

const evidence = {
  window: { from: 0, to: 0 },
  condition: 'value above 1',
  figures: {},
  points: [],
  topErrors: [],
  operations: [],
  users: { affected: 0, exact: true },
  related: [],
  deploys: [],
};

export interface Alert {
  rule?: string;
  labels?: Labels;
  ruleLabels?: Labels;
  severity?: Severity;
  quiet?: boolean;
  project?: string;
  /** In the events' own time; when it is recorded unless given. */
  at?: number;
}

/** `api` is the first episode of the rule `api`, `api#2` its second. */
const stepOf = (episode: string, { rule, labels = {}, at = Number.NaN }: Alert) => ({
  episode,
  rule: rule ?? episode.replace(/#.*/, ''),
  ruleVersion: 1,
  labels,
  number: 1,
  at: at * second,
  evidence,
});

export const fires = (episode: string, alert: Alert = {}): Fact => ({
  type: 'AlertFired',
  ...(alert.project === undefined ? {} : { project: alert.project }),
  data: {
    ...stepOf(episode, alert),
    severity: alert.severity ?? 'warning',
    activeSince: (alert.at ?? Number.NaN) * second,
    title: `${episode} is bad`,
    description: '',
    playbook: [],
    ruleLabels: alert.ruleLabels ?? {},
    annotations: {},
    quiet: alert.quiet ?? false,
  },
});
export const resolves = (episode: string, alert: Alert = {}): Fact => ({
  type: 'AlertResolved',
  data: { ...stepOf(episode, alert), cause: 'recovered' },
});
export const becomes = (episode: string, severity: Severity): Fact => ({
  type: 'AlertSeverityChanged',
  data: { ...stepOf(episode, {}), severity, from: 'info', title: `${episode} is ${severity}` },
});
export const recovers = (episode: string): Fact => ({
  type: 'AlertRecoveryBegan',
  data: stepOf(episode, {}),
});
export const relapses = (episode: string): Fact => ({ type: 'AlertRelapsed', data: stepOf(episode, {}) });
export const acknowledged = (episode: string): Fact => ({
  type: 'AlertAcknowledged',
  data: { episode, by: 'ada' },
});
export const judged = (episode: string, verdict: EventData<'AlertJudged'>['verdict']): Fact => ({
  type: 'AlertJudged',
  data: { episode, rule: episode, verdict, by: 'ada' },
});
export const silenced = (silence: string, from: number, until: number, ...matchers: Matcher[]): Fact => ({
  type: 'SilenceCreated',
  data: { silence, matchers, from: from * second, until: until * second, by: 'ada', comment: '' },
});
export const unsilenced = (silence: string): Fact => ({ type: 'SilenceEnded', data: { silence, by: 'ada' } });

export interface Given extends Partial<Policy> {
  /** Of the one route, unless there are several. */
  route?: Partial<Route>;
  channels?: readonly string[];
  /** Those that deliver, each after so many seconds; the others never do. */
  delivers?: Readonly<Record<string, number>>;
}

export class Story {
  planner: Planner;
  readonly log: RecordedEvent[] = [];
  readonly requests: { at: number; data: EventData<'NotificationRequested'> }[] = [];
  /** Between the events, what is due is neither asked for nor recorded. */
  down = false;
  now = 0;
  readonly #channels: readonly string[];
  readonly #delivers: Readonly<Record<string, number>>;
  readonly #later: { at: number; fact: Fact }[] = [];
  #policy: Policy;
  #lines: string[] = [];

  constructor({ route: one, channels = ['chat'], delivers, ...rest }: Given) {
    this.#policy = policy({ ...(one === undefined ? {} : { routes: [route(one)] }), ...rest });
    this.#channels = channels;
    this.#delivers = delivers ?? Object.fromEntries(channels.map((name) => [name, 0]));
    this.planner = new Planner(this.#policy, channels);
  }

  at(time: number, ...facts: Fact[]): this {
    this.until(time);
    for (const fact of facts) this.#record(fact);
    return this.#settle();
  }

  until(time: number): this {
    for (;;) {
      const delivery = this.#later[0]?.at ?? Number.POSITIVE_INFINITY;
      const due = this.down ? undefined : this.planner.nextDue(this.now * second);
      const next = Math.min(delivery, due === undefined ? Number.POSITIVE_INFINITY : due / second);
      if (next > time) break;
      this.now = Math.max(this.now, next);
      for (const one of this.#later.splice(0, this.#later.filter(({ at }) => at <= this.now).length))
        this.#record(one.fact);
      this.#settle();
    }
    this.now = time;
    return this;
  }

  stop(): this {
    this.down = true;
    return this;
  }

  start(): this {
    this.down = false;
    return this.#settle();
  }

  withPolicy(given: Given): this {
    const { route: one, channels = this.#channels, ...rest } = given;
    this.#policy = policy({ ...(one === undefined ? {} : { routes: [route(one)] }), ...rest });
    this.planner.setPolicy(this.#policy, channels);
    return this.#settle();
  }

  reload(): this {
    const saved: unknown = JSON.parse(JSON.stringify(this.planner.save()));
    this.planner = Planner.load(saved, this.#policy, this.#channels) ?? failed('not loaded');
    return this;
  }

  /** What was recorded of notifications, and nothing before what was asked for already. */
  get lines(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  get told(): string[] {
    return this.lines.filter((line) => !line.includes('withheld'));
  }

  record(planned: PlannedNotification): void {
    const { event, id, project } = planned;
    eventSchemas[event.type].parse(event.data);
    if (this.log.some((one) => one.id === id)) return;
    this.#record({ ...event, project }, id);
  }

  #settle(): this {
    for (let round = 0; !this.down; round++) {
      const due = this.planner.due(this.now * second);
      if (due.length === 0) break;
      if (round > 20) failed(`asks for the same again and again: ${JSON.stringify(due)}`);
      for (const one of due) this.record(one);
    }
    return this;
  }

  #record(fact: Fact, id = `event ${this.log.length}`): void {
    const time = this.now * second;
    const data = Object.fromEntries(
      Object.entries(fact.data).map(([name, value]) => [name, Number.isNaN(value) ? time : value]),
    );
    const event = {
      ...{ id, type: fact.type, version: 1, data, project: fact.project ?? 'shop', service: 'chronoscope' },
      ...{ occurredAt: time, recordedAt: time, position: asPosition(String(this.log.length)), stream: 's' },
    } as RecordedEvent;
    this.log.push(event);
    this.planner.observe(event);
    this.#note(event);
  }

  #note(event: RecordedEvent): void {
    if (event.type === 'NotificationWithheld') {
      const { episode, reason, because } = event.data;
      this.#lines.push(
        `${this.now} withheld ${episode} ${reason}${because === undefined ? '' : ` by ${because}`}`,
      );
    }
    if (event.type !== 'NotificationRequested') return;
    const { data } = event;
    this.requests.push({ at: this.now, data });
    this.#lines.push(`${this.now} ${data.channel} ${data.reason}: ${namesIn(data)}`);
    const after = this.#delivers[data.channel];
    if (after === undefined) return;
    const { notification, channel } = data;
    const fact: Fact = {
      type: 'NotificationDelivered',
      data: { notification, channel, attempt: 1, tookMs: 1 },
    };
    this.#later.push({ at: this.now + after, fact });
    this.#later.sort((a, b) => a.at - b.at);
  }
}

const namesIn = ({ alerts, more }: EventData<'NotificationRequested'>): string => {
  const names = alerts.map(
    ({ episode, severity, state }) => `${episode} ${state === 'firing' ? severity : state}`,
  );
  return [...names, ...(more === 0 ? [] : [`and ${more} more`])].join(', ');
};

const failed = (why: string): never => {
  throw new Error(why);
};

export const given = (policyAndChannels: Given = {}): Story => new Story(policyAndChannels);
