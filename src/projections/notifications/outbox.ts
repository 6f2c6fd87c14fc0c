import { notificationStream } from '../../domain/alerts/identity.ts';
import { attempted, delivered, refused } from '../../domain/alerts/outbox/events.ts';
import { retryOf, waitAfter } from '../../domain/alerts/outbox/retry.ts';
import { OutboxState, type OutboxStep, type SavedOutbox } from '../../domain/alerts/outbox.ts';
import type { EventData } from '../../domain/events/catalogue.ts';
import type { NewEvent, RecordedEvent } from '../../domain/events/envelope.ts';
import type { EventLog, ExpectedRevision } from '../ports.ts';
import type { Channel, Delivery, Message } from './ports.ts';
import { endsWithin, graceMs, realTime, type Schedule, sendWithin } from './sending.ts';

export interface OutboxDeps {
  log: Pick<EventLog, 'append'>;
  channels: readonly Channel[];
  details: (request: EventData<'NotificationRequested'>) => Message['alerts'] | Promise<Message['alerts']>;
  /** Epoch milliseconds. */
  clock: () => number;
  /** Takes secrets out of what receivers answer, before it is recorded. */
  redact: (text: string) => string;
  onError: (error: unknown) => void;
  observer?: OutboxObserver;
  saved?: SavedOutbox;
  schedule?: Schedule;
}

/** What became of attempts, for metrics. */
export interface OutboxObserver {
  delivered(channel: string, seconds: number): void;
  /** `closed` are those that were given up without an attempt: out of date, too old, or without a channel. */
  refused(channel: string, kind: 'temporary' | 'permanent' | 'closed'): void;
}

export interface Outbox {
  /** Each event of the feed, in order; from the beginning, or from where `saved` was taken. */
  observe(event: RecordedEvent): void;
  /** Once the feed has been observed up to the head: attempts without an end are then taken as cut off by a crash. */
  start(): void;
  /** Waits for sends under way, then aborts them. Bounded in time. */
  stop(): Promise<void>;
  save(): SavedOutbox;
  backlog(): ReturnType<OutboxState['backlog']>;
}

const detailsWithinMs = 5_000;
const drainMs = 5_000;
const longestLogWaitMs = 10_000;

type Step<K extends OutboxStep['kind']> = Extract<OutboxStep, { kind: K }>;
type Recorded = { kind: 'appended' | 'there' | 'conflict'; revision: number };

const logWait = (failures: number): number => Math.min(waitAfter(failures, 'log'), longestLogWaitMs);

export const createOutbox = (deps: OutboxDeps): Outbox => new OutboxRunner(deps);

class OutboxRunner implements Outbox {
  readonly #deps: OutboxDeps;
  readonly #schedule: Schedule;
  readonly #state: OutboxState;
  readonly #channels: ReadonlyMap<string, Channel>;
  /** Up to which revision the feed has to show a notification before it is touched again. */
  readonly #held = new Map<string, number>();
  readonly #work = new Set<Promise<void>>();
  readonly #halt = new AbortController();
  #running = false;
  #logFailures = 0;
  #logRetryAt = 0;
  #turnAt = Number.POSITIVE_INFINITY;
  #cancelTurn = (): void => undefined;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#schedule = deps.schedule ?? realTime;
    this.#state = new OutboxState(deps.saved);
    this.#channels = new Map(deps.channels.map((channel) => [channel.name, channel]));
  }

  observe(event: RecordedEvent): void {
    this.#state.observe(event);
    if (!('notification' in event.data)) return;
    this.#release(event.data.notification);
    this.#turnIn(0);
  }

  start(): void {
    this.#state.restarted();
    this.#running = true;
    this.#turnIn(0);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelTurn();
    const all = Promise.allSettled(this.#work);
    if (await endsWithin(all, drainMs, this.#schedule)) return;
    this.#halt.abort();
    await endsWithin(all, 2 * graceMs, this.#schedule);
  }

  save(): SavedOutbox {
    return this.#state.save();
  }

  backlog(): ReturnType<OutboxState['backlog']> {
    return this.#state.backlog();
  }

  /** An earlier turn that is planned already will see to it as well. */
  #turnIn(ms: number): void {
    const at = this.#deps.clock() + ms;
    if (!this.#running || this.#turnAt <= at) return;
    this.#cancelTurn();
    this.#turnAt = at;
    this.#cancelTurn = this.#schedule(ms, () => this.#turn());
  }

  #turn(): void {
    this.#turnAt = Number.POSITIVE_INFINITY;
    const now = this.#deps.clock();
    if (now < this.#logRetryAt) {
      this.#turnIn(this.#logRetryAt - now);
      return;
    }
    for (const step of this.#state.next(now, this.#held)) this.#begin(step);
    const due = this.#state.nextDue(now, this.#held);
    if (due !== undefined) this.#turnIn(Math.max(due - now, 1));
  }

  #begin(step: OutboxStep): void {
    const { notification } = step.waiting.request;
    this.#held.set(notification, Number.POSITIVE_INFINITY);
    const work = this.#carryOut(step)
      .catch((error: unknown) => {
        this.#standBack(error);
        return step.waiting.revision;
      })
      .then((revision) => {
        this.#held.set(notification, revision);
        this.#release(notification);
        this.#work.delete(work);
        this.#turnIn(0);
      });
    this.#work.add(work);
  }

  #release(notification: string): void {
    const shown = this.#state.revisionOf(notification);
    if (shown === undefined || shown >= (this.#held.get(notification) ?? 0)) this.#held.delete(notification);
  }

  /** What cannot be recorded is not begun; the log is asked again after a while. */
  #standBack(error: unknown): void {
    this.#deps.onError(error);
    this.#logFailures += 1;
    this.#logRetryAt = this.#deps.clock() + logWait(this.#logFailures);
  }

  /** Gives the revision that the feed has to show before the notification goes on. */
  async #carryOut(step: OutboxStep): Promise<number> {
    if (step.kind === 'close') return this.#close(step, step.reason);
    const { channel: name } = step.waiting.request;
    const channel = this.#channels.get(name);
    if (channel === undefined) return this.#close(step, `the channel "${name}" is not configured`);
    return this.#attempt(step, channel);
  }

  async #close(step: OutboxStep, reason: string): Promise<number> {
    const event = refused(step, this.#deps.clock(), { reason });
    const { kind, revision } = await this.#append(step, event, step.waiting.revision);
    if (kind === 'appended') this.#deps.observer?.refused(step.waiting.request.channel, 'closed');
    return revision;
  }

  async #attempt(step: Step<'attempt'>, channel: Channel): Promise<number> {
    const { clock } = this.#deps;
    const message = await this.#messageOf(step);
    if (!this.#running) return step.waiting.revision;
    const begun = await this.#append(step, attempted(step, clock()), step.waiting.revision);
    // Somebody else has written it, and may have sent it: the feed will tell.
    if (begun.kind !== 'appended') return begun.revision;
    const startedAt = clock();
    if (!this.#running) {
      const told = { reason: 'stopped before it was sent', retryAt: startedAt };
      return this.#record(step, refused(step, startedAt, told), begun.revision);
    }
    const delivery = await sendWithin(channel, message, {
      stop: this.#halt.signal,
      schedule: this.#schedule,
    });
    if (delivery === 'unknown') return begun.revision;
    const end = this.#endOf(step, delivery, Math.max(0, clock() - startedAt));
    return this.#record(step, end, begun.revision);
  }

  /** What the request itself says is enough to wake somebody, so missing details keep nothing back. */
  async #messageOf({ waiting }: OutboxStep): Promise<Message> {
    const { project, request, requestedAt } = waiting;
    let alerts: Message['alerts'] = [];
    const reading = (async () => this.#deps.details(request))().then((read) => {
      alerts = read;
    }, this.#deps.onError);
    await endsWithin(reading, detailsWithinMs, this.#schedule);
    return { id: request.notification, project, requestedAt, request, alerts };
  }

  #endOf(step: Step<'attempt'>, delivery: Delivery, tookMs: number): NewEvent {
    const { clock, observer, redact } = this.#deps;
    const { channel, notification } = step.waiting.request;
    const now = clock();
    if (delivery.kind === 'delivered') {
      observer?.delivered(channel, tookMs / 1_000);
      const answer = delivery.answer === undefined ? {} : { answer: redact(delivery.answer) };
      return delivered(step, now, { tookMs, ...answer });
    }
    observer?.refused(channel, delivery.permanent ? 'permanent' : 'temporary');
    const retry = retryOf(delivery, { notification, attempt: step.attempt, deadline: step.deadline }, now);
    return refused(step, now, { reason: redact(delivery.reason), ...retry });
  }

  /** How an attempt ended is written until the log takes it, or the process has to end. */
  async #record(step: OutboxStep, event: NewEvent, after: number): Promise<number> {
    let expected = after;
    for (let failures = 1; ; failures += 1) {
      try {
        const { kind, revision } = await this.#append(step, event, expected);
        // What was delivered stays true, whatever others have written meanwhile.
        if (kind !== 'conflict' || event.type !== 'NotificationDelivered') return revision;
        expected = revision;
      } catch (error) {
        this.#deps.onError(error);
        if (this.#halt.signal.aborted) return expected;
        const never = new Promise<never>(() => undefined);
        await endsWithin(never, logWait(failures), this.#schedule, this.#halt.signal);
      }
    }
  }

  async #append(
    { waiting: { request } }: OutboxStep,
    event: NewEvent,
    expected: ExpectedRevision & number,
  ): Promise<Recorded> {
    const stream = notificationStream(request.notification);
    const outcome = await this.#deps.log.append([{ stream, events: [event], expected }]);
    this.#logFailures = 0;
    if (outcome.kind === 'appended') {
      return { kind: outcome.appended > 0 ? 'appended' : 'there', revision: expected + 1 };
    }
    const actual = outcome.actual === 'none' ? 0 : outcome.actual;
    return { kind: 'conflict', revision: Math.max(actual, expected + 1) };
  }
}
