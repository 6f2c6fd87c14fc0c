import type { EventData } from '../events/catalogue.ts';
import type { RecordedEvent } from '../events/envelope.ts';
import { afterRefusal, type ChannelState, isBroken, readyAt } from './outbox/channelState.ts';
import { abandonedAfterMs, retryForMs } from './outbox/retry.ts';
import { fewWaiting, groupOf, outdated } from './outbox/storm.ts';
import { Told } from './outbox/told.ts';
import { rankOf } from './rule.ts';

/** A notification that is not at its end, as the log tells of it. Times are when the log took the events. */
export interface Waiting {
  project: string;
  request: EventData<'NotificationRequested'>;
  requestedAt: number;
  recordedAt: number;
  /** Of the newest event of its stream. */
  revision: number;
  attempts: number;
  /** The next attempt is not before this. */
  dueAt: number;
  /** Present while an attempt has no recorded end. */
  attemptedAt?: number;
  lastRefusal?: string;
  /** One of the same group, requested later and delivered already: this one would tell of the past. */
  overtakenBy?: string;
}

/** JSON, and all that there is to know: loaded again, it goes on the same. */
export interface SavedOutbox {
  /** The oldest first. */
  waiting: readonly Waiting[];
  channels: readonly (readonly [string, ChannelState])[];
  told: readonly string[];
}

export type OutboxStep =
  | { kind: 'attempt'; waiting: Waiting; attempt: number; deadline: number }
  /** To be refused for good without an attempt; `attempt` is the one that is not made. */
  | { kind: 'close'; waiting: Waiting; attempt: number; reason: string };

/** Notifications that somebody is at work on. */
interface Held {
  has(notification: string): boolean;
}

/** Decides from recorded events what is to be sent next. */
export class OutboxState {
  readonly #waiting: Map<string, Waiting>;
  readonly #channels: Map<string, ChannelState>;
  readonly #told: Told;

  constructor(saved: SavedOutbox = { waiting: [], channels: [], told: [] }) {
    this.#waiting = new Map(saved.waiting.map((one) => [one.request.notification, { ...one }]));
    this.#channels = new Map(saved.channels.map(([name, state]) => [name, { ...state }]));
    this.#told = new Told(saved.told);
  }

  save(): SavedOutbox {
    return {
      waiting: [...this.#waiting.values()].map((one) => ({ ...one })),
      channels: [...this.#channels].map(([name, state]) => [name, { ...state }] as const),
      told: [...this.#told],
    };
  }

  /** Undefined when it is at its end, or unknown. */
  revisionOf(notification: string): number | undefined {
    return this.#waiting.get(notification)?.revision;
  }

  observe(event: RecordedEvent): void {
    switch (event.type) {
      case 'NotificationRequested':
        this.#requested(event);
        break;
      case 'NotificationAttempted':
        this.#withKnown(event, (one) => this.#attempted(one, event));
        break;
      case 'NotificationDelivered':
        this.#withKnown(event, (one) => this.#delivered(one));
        break;
      case 'NotificationRefused':
        this.#withKnown(event, (one) => this.#refused(one, event));
        break;
    }
  }

  /** The process that made the attempts known so far is gone: whether they arrived nobody will ever tell. */
  restarted(): void {
    for (const one of this.#waiting.values()) {
      if (one.attemptedAt === undefined) continue;
      this.#told.mayHaveArrived(one.request);
      delete one.attemptedAt;
    }
  }

  /** Per channel at most one attempt at a time; whatever is to be closed at once. */
  next(now: number, held: Held): OutboxStep[] {
    return [...this.#byChannel()].flatMap(([channel, all]) => {
      const free = all.filter((one) => isFree(one, now, held));
      const closed = this.#toClose(all, free, now);
      if (free.length < all.length) return closed;
      const closing = new Set(closed.map(({ waiting }) => waiting.request));
      const ready = free.filter(
        (one) => !closing.has(one.request) && readyAt(this.#channels.get(channel), one) <= now,
      );
      const [first] = ready.sort(moreUrgent);
      return first === undefined ? closed : [...closed, attemptOf(first)];
    });
  }

  /** When `next` will have more, if nothing is observed before. */
  nextDue(now: number, held: Held): number | undefined {
    const times = [...this.#byChannel()].flatMap(([channel, all]) => {
      const busy = all.some((one) => !isFree(one, now, held));
      return all
        .filter((one) => !held.has(one.request.notification))
        .map((one) => {
          if (!isFree(one, now, held)) return (one.attemptedAt ?? now) + abandonedAfterMs;
          return busy
            ? deadlineOf(one)
            : Math.min(readyAt(this.#channels.get(channel), one), deadlineOf(one));
        });
    });
    return times.length === 0 ? undefined : times.reduce((least, time) => Math.min(least, time));
  }

  /** How many wait for each channel, and since when the oldest does. */
  backlog(): { channel: string; waiting: number; oldest: number; failures: number }[] {
    return [...this.#byChannel()].map(([channel, all]) => ({
      channel,
      waiting: all.length,
      oldest: all.reduce((least, { recordedAt }) => Math.min(least, recordedAt), Number.POSITIVE_INFINITY),
      failures: this.#channels.get(channel)?.failures ?? 0,
    }));
  }

  #requested({ project, data, occurredAt, recordedAt }: RecordedEvent<'NotificationRequested'>): void {
    if (this.#waiting.has(data.notification)) return;
    const times = { requestedAt: occurredAt, recordedAt, dueAt: 0 };
    this.#waiting.set(data.notification, { project, request: data, ...times, revision: 0, attempts: 0 });
  }

  #withKnown(event: { data: { notification: string } }, change: (one: Waiting) => void): void {
    const one = this.#waiting.get(event.data.notification);
    if (one === undefined) return;
    one.revision += 1;
    change(one);
  }

  #attempted(one: Waiting, { data, recordedAt }: RecordedEvent<'NotificationAttempted'>): void {
    if (one.attemptedAt !== undefined) this.#told.mayHaveArrived(one.request);
    one.attempts = data.attempt;
    one.attemptedAt = recordedAt;
  }

  #delivered(done: Waiting): void {
    const { request } = done;
    const before = this.#channels.get(request.channel);
    this.#channels.delete(request.channel);
    this.#told.delivered(request);
    let older = true;
    for (const one of this.#waiting.values()) {
      if (one === done) older = false;
      else if (older && groupOf(one.request) === groupOf(request)) one.overtakenBy = request.notification;
      // What only waited because the channel was down need not wait any longer.
      if (isBroken(before) && one.request.channel === request.channel) one.dueAt = 0;
    }
    this.#waiting.delete(request.notification);
  }

  #refused(one: Waiting, { data, occurredAt, recordedAt }: RecordedEvent<'NotificationRefused'>): void {
    const { channel, notification } = one.request;
    const attempted = one.attemptedAt !== undefined;
    delete one.attemptedAt;
    if (data.retryAt === undefined) {
      // A refusal for good is an answer: the channel works.
      if (attempted) this.#channels.delete(channel);
      this.#waiting.delete(notification);
      return;
    }
    one.dueAt = data.retryAt;
    one.lastRefusal = data.reason;
    // Due again at once means that it was never sent, which says nothing of the channel.
    if (data.retryAt <= occurredAt) return;
    const state = this.#channels.get(channel);
    this.#channels.set(
      channel,
      afterRefusal(state, { channel, at: recordedAt, pausedUntil: data.pausedUntil }),
    );
  }

  #toClose(all: readonly Waiting[], free: readonly Waiting[], now: number): OutboxStep[] {
    const reasons = new Map<Waiting, string>();
    if (all.length > fewWaiting) {
      const byRequest = new Map(all.map((one) => [one.request, one]));
      const ready = new Set(free);
      const queue = all.map((one) => ({ request: one.request, free: ready.has(one) }));
      for (const { request, reason } of outdated(queue, this.#told)) {
        const one = byRequest.get(request);
        if (one !== undefined) reasons.set(one, reason);
      }
    }
    for (const one of free) {
      if (one.overtakenBy !== undefined) reasons.set(one, `superseded by ${one.overtakenBy}`);
      if (deadlineOf(one) <= now) reasons.set(one, tooLate(one));
    }
    return [...reasons].map(([one, reason]) => ({
      kind: 'close',
      waiting: { ...one },
      attempt: one.attempts + 1,
      reason,
    }));
  }

  #byChannel(): Map<string, Waiting[]> {
    const channels = new Map<string, Waiting[]>();
    for (const one of this.#waiting.values()) {
      const all = channels.get(one.request.channel);
      if (all === undefined) channels.set(one.request.channel, [one]);
      else all.push(one);
    }
    return channels;
  }
}

const isFree = (one: Waiting, now: number, held: Held): boolean =>
  !held.has(one.request.notification) &&
  (one.attemptedAt === undefined || one.attemptedAt + abandonedAfterMs <= now);

/** Sorting keeps the order of equals, which is the oldest first. */
const moreUrgent = (a: Waiting, b: Waiting): number =>
  rankOf(b.request.severity) - rankOf(a.request.severity);

const deadlineOf = (one: Waiting): number => one.recordedAt + retryForMs;

const attemptOf = (one: Waiting): OutboxStep => ({
  kind: 'attempt',
  waiting: { ...one },
  attempt: one.attempts + 1,
  deadline: deadlineOf(one),
});

function tooLate({ lastRefusal, attempts }: Waiting): string {
  const given = `not delivered within ${retryForMs / 3_600_000} hours, ${attempts} attempts`;
  return lastRefusal === undefined ? given : `${given}; the last refusal: ${lastRefusal}`;
}
