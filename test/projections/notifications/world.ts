import { createMemoryLog } from '../../../src/adapters/memory/eventLog.ts';
import type { SavedOutbox } from '../../../src/domain/alerts/outbox.ts';
import type { NewEvent, RecordedEvent } from '../../../src/domain/events/envelope.ts';
import type { Position } from '../../../src/domain/position.ts';
import { createOutbox, type Outbox, type OutboxDeps } from '../../../src/projections/notifications/outbox.ts';
import type { Channel, Delivery, Message } from '../../../src/projections/notifications/ports.ts';
import type { Schedule } from '../../../src/projections/notifications/sending.ts';
import type { AppendOutcome, EventLog } from '../../../src/projections/ports.ts';
import { requestAppend, type Wanted } from '../../support/notifications.ts';

/** Everything that other code does in promises between two moments of the virtual clock. */
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

export interface Send {
  channel: string;
  message: Message;
  at: number;
  signal: AbortSignal;
}

export type Answer = (send: Send) => Delivery | Promise<Delivery>;
type Append = (event: NewEvent, append: () => Promise<AppendOutcome>) => Promise<AppendOutcome>;

export const yes: Delivery = { kind: 'delivered', answer: 'ok' };
export const no: Delivery = { kind: 'refused', reason: 'HTTP 503', permanent: false };
export const never = new Promise<never>(() => undefined);

/** A log, a clock that only the test moves, and outboxes that come and go. */
export class World {
  now = 1_000_000;
  readonly log: EventLog = createMemoryLog({ clock: () => this.now });
  readonly sends: Send[] = [];
  readonly errors: unknown[] = [];
  /** Each may stand in the way of an append, or answer for the receiver. */
  onAppend: Append = (_, append) => append();
  answer: Answer = () => yes;
  channels = ['slack', 'mail'];
  feedLags = false;
  details: OutboxDeps['details'] = () => [];
  outbox: Outbox | undefined;
  readonly #timers = new Set<{ at: number; run: () => void }>();
  #seen: Position | undefined;
  /** Whoever died is not heard any more. */
  #life = 0;
  #fed = false;

  readonly schedule: Schedule = (ms, run) => {
    // Timers of the real clock take a millisecond at least.
    const timer = { at: this.now + Math.max(ms, 1), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  async begin(from?: { saved: SavedOutbox; position: Position | undefined }): Promise<void> {
    const life = ++this.#life;
    const alive = <T>(value: T): T | Promise<never> => (life === this.#life ? value : never);
    this.#timers.clear();
    this.#seen = from?.position;
    this.outbox = createOutbox({
      log: {
        append: async (appends) => {
          const event = appends[0]?.events[0];
          if (event === undefined) throw new Error('nothing to append');
          await alive(undefined);
          return alive(await this.onAppend(event, () => this.log.append(appends)));
        },
      },
      channels: this.channels.map((name) => this.#channel(name, life)),
      details: (request) => this.details(request),
      clock: () => this.now,
      redact: (text) => text.replaceAll('hunter2', '[removed]'),
      onError: (error) => this.errors.push(error),
      schedule: this.schedule,
      ...(from === undefined ? {} : { saved: from.saved }),
    });
    await this.feed();
    this.#fed = true;
    this.outbox.start();
  }

  /** As `kill -9` does. */
  kill(): void {
    this.#life += 1;
    this.#timers.clear();
    this.outbox = undefined;
    this.#fed = false;
  }

  snapshot(): { saved: SavedOutbox; position: Position | undefined } | undefined {
    return this.outbox === undefined ? undefined : { saved: this.outbox.save(), position: this.#seen };
  }

  async feed(): Promise<void> {
    for await (const { events, to } of this.log.read({ after: this.#seen })) {
      for (const event of events) this.outbox?.observe(event);
      this.#seen = to;
    }
  }

  async settle(): Promise<void> {
    for (let still = 0; still < 4; still++) {
      await breathe();
      const before = this.#seen;
      if (this.#fed && !this.feedLags) await this.feed();
      if (this.#seen !== before) still = 0;
    }
  }

  /** Lets time pass, from timer to timer. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      await this.settle();
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = until;
  }

  async request(notification: string, wanted?: Wanted): Promise<void> {
    await this.log.append([requestAppend(notification, wanted)]);
  }

  async events(): Promise<RecordedEvent[]> {
    const all: RecordedEvent[] = [];
    for await (const { events } of this.log.read()) all.push(...events);
    return all;
  }

  /** What became of it, in a few words: `Attempted 1`, `Refused 1 HTTP 503`. */
  async story(notification: string): Promise<string[]> {
    const own = (await this.events()).filter(
      ({ data }) => 'notification' in data && data.notification === notification,
    );
    return own.slice(1).map(({ type, data }) => {
      const { attempt, reason } = data as { attempt: number; reason?: string };
      return [type.replace('Notification', ''), attempt, reason].filter((one) => one !== undefined).join(' ');
    });
  }

  #channel(name: string, life: number): Channel {
    return {
      name,
      send: async (message, signal) => {
        const send = { channel: name, message, at: this.now, signal };
        this.sends.push(send);
        const answered = await this.answer(send);
        return life === this.#life ? answered : never;
      },
      close: async () => undefined,
    };
  }
}
