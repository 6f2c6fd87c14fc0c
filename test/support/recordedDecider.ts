import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { idFrom } from '../../src/domain/alerts/identity.ts';
import type { Decision } from '../../src/domain/alerts/processor/decision.ts';
import { isStep } from '../../src/domain/alerts/processor/judged.ts';
import { AlertProcessor } from '../../src/domain/alerts/processor/processor.ts';
import type { NewEvent, RecordedEvent } from '../../src/domain/events/envelope.ts';
import { type Decider, openDecider } from '../../src/projections/alerts/decider.ts';
import type { EventLog } from '../../src/projections/ports.ts';

/** Where a decider dies: at one of its appends, before it is carried out or after, when nobody learns of it. */
export interface Death {
  atAppend: number;
  carriedOut: boolean;
}

export class RecordedDecider {
  now: number;
  readonly log: EventLog;
  /** Every snapshot that was saved, the oldest first. */
  readonly snapshots: string[] = [];
  readonly faults: unknown[] = [];
  recalls = 0;
  readonly #folder: string;
  #current: { decider: Decider; life: { dead: boolean; death?: Death | undefined } } | undefined;
  readonly #events: RecordedEvent[] = [];
  #made = 0;

  private constructor(now: number, log: EventLog, folder: string) {
    this.now = now;
    this.log = log;
    this.#folder = folder;
  }

  static async open(now: number): Promise<RecordedDecider> {
    const folder = await mkdtemp(join(tmpdir(), 'chronoscope-decider-'));
    const time = { now };
    const log = await openLmdbLog({ path: folder, clock: () => time.now });
    const recorded = new RecordedDecider(now, log, folder);
    Object.defineProperty(recorded, 'now', {
      get: () => time.now,
      set: (later: number) => {
        time.now = later;
      },
    });
    return recorded;
  }

  newId = (): string => idFrom(`made ${++this.#made}`);

  /** Begins from the snapshot that is given; without one, from the log. */
  async start(
    options: { snapshot?: string | undefined; maxEvents?: number; death?: Death | undefined } = {},
  ): Promise<Decider> {
    const life = { dead: false, death: options.death };
    let appends = 0;
    const over = () => new Promise<never>(() => undefined);
    const { log } = this;
    const mortal: EventLog = {
      ...log,
      subscribe: (read) => log.subscribe({ ...read, maxEvents: options.maxEvents ?? 2_000 }),
      append: async (what) => {
        if (life.dead) return over();
        const dies = life.death?.atAppend === ++appends;
        if (dies) life.dead = true;
        if (dies && life.death?.carriedOut !== true) return over();
        const outcome = await log.append(what);
        return life.dead ? over() : outcome;
      },
    };
    const decider = await openDecider({
      log: mortal,
      snapshots: {
        load: async () => options.snapshot,
        save: async (text) => {
          if (!life.dead) this.snapshots.push(text);
        },
      },
      clock: () => this.now,
      stopwatch: () => this.now,
      newId: this.newId,
      observer: {
        decided: () => undefined,
        failed: (error) => void this.faults.push(error),
        recalled: () => {
          this.recalls += 1;
        },
      },
    });
    decider.start();
    this.#current = { decider, life };
    return decider;
  }

  get isDead(): boolean {
    return this.#current?.life.dead !== false;
  }

  /** Nothing that it does from here on reaches anything. */
  kill(): void {
    if (this.#current === undefined) return;
    this.#current.life.dead = true;
    void this.#current.decider.stop();
  }

  async stop(): Promise<void> {
    await this.#current?.decider.stop();
    if (this.#current !== undefined) this.#current.life.dead = true;
  }

  async append(events: readonly NewEvent[], stream = 'telemetry'): Promise<void> {
    await this.log.append([{ stream, events, expected: 'any' }]);
  }

  /** Resolves when all that is in the log has been decided, or when the decider has died. */
  async caughtUp(): Promise<void> {
    while (!this.isDead) {
      const standing = await this.#current?.decider.standing();
      if (standing?.lagEvents === 0) return;
      await nextTurn();
    }
  }

  /** Resolves when nothing more comes of time that has passed. */
  async still(): Promise<void> {
    for (let quiet = 0; quiet < 3 && !this.isDead; ) {
      const head = await this.log.head();
      // Its ticks go by the real clock.
      await wait(260);
      await this.caughtUp();
      quiet = (await this.log.head()) === head ? quiet + 1 : 0;
    }
  }

  async events(): Promise<readonly RecordedEvent[]> {
    for await (const { events } of this.log.read({ after: this.#events.at(-1)?.position }))
      this.#events.push(...events);
    return this.#events;
  }

  async close(): Promise<void> {
    if (this.isDead) this.kill();
    else await this.stop();
    await this.log.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const isDecided = (event: RecordedEvent): boolean =>
  isStep(event) || event.type === 'RuleEvaluationFailed' || event.type === 'RuleEvaluationRestored';

const told = ({ id, type, data }: Pick<RecordedEvent, 'id' | 'type' | 'data'>): string =>
  JSON.stringify([id, type, data]);

export const decidedIn = (events: readonly RecordedEvent[]): string[] => events.filter(isDecided).map(told);

/** What a processor decides that knows nothing but the log; what was decided on it live does not concern it. */
export function replayed(events: readonly RecordedEvent[]): string[] {
  const processor = new AlertProcessor();
  const decisions: Decision[] = [];
  events.forEach((event, index) => {
    decisions.push(...processor.observe(event));
    const { coldSince } = processor;
    if (coldSince === undefined) return;
    processor.cool();
    for (const past of events.slice(0, index + 1)) if (past.recordedAt >= coldSince) processor.warm(past);
    processor.warmed();
  });
  return decisions.map(({ event }) => told(event as RecordedEvent));
}
