/**
 * How far the events of a project are complete: the least of its sources' newest times, less what an event may be under
 * way. A function of the recorded events alone, so that a replay sees what live saw.
 */

export interface WatermarkSettings {
  latenessMs: number;
  idleMs: number;
}

/** A source so far behind the one that leads is one that is catching up, and holds nobody back. */
const catchingUpMs = 30_000;
/** What has been silent for longer, or more than so many ago, is not known any more. */
const forgottenAfterMs = 86_400_000;
const mostIdle = 10_000;

interface Source {
  /** The newest time that it has sent. */
  newest: number;
  /** When it last sent something. */
  heardAt: number;
}

export type SavedWatermark = {
  at: number | null;
  now: number | null;
  leader: number | null;
  holder: string | null;
  sending: SavedSource[];
  idle: SavedSource[];
};

type SavedSource = [name: string, newest: number, heardAt: number];

export class Watermark {
  #settings: WatermarkSettings;
  /** Looked at whenever the watermark may move, so that only those are in here that can hold it back. */
  readonly #sending = new Map<string, Source>();
  /** The one that was heard the longest ago first. */
  readonly #idle = new Map<string, Source>();
  #at = Number.NEGATIVE_INFINITY;
  #now = Number.NEGATIVE_INFINITY;
  #leader = Number.NEGATIVE_INFINITY;
  /** Whose newest time the watermark waits for; while it stays, nothing need be looked at. */
  #holder: Source | undefined;

  constructor(settings: WatermarkSettings) {
    this.#settings = settings;
  }

  /** Everything up to and with this time is taken as complete. */
  get at(): number {
    return this.#at;
  }

  /** When the last event was recorded. */
  get now(): number {
    return this.#now;
  }

  /** The newest time that a source has sent. */
  get leader(): number {
    return this.#leader;
  }

  /** Goes on with other settings. */
  use(settings: WatermarkSettings): void {
    this.#settings = settings;
    this.#holder = undefined;
    for (const [name, source] of this.#idle) this.#sending.set(name, source);
    this.#idle.clear();
  }

  /** Whether nothing had come from it for so long. */
  isSilent(source: string, at: number, forMs: number): boolean {
    const known = this.#sending.get(source) ?? this.#idle.get(source);
    return known === undefined || at - known.newest >= forMs;
  }

  /** Whether the watermark may have moved: then `advance` tells. */
  observe(source: string, time: number, recordedAt: number): boolean {
    this.#now = Math.max(this.#now, recordedAt);
    let known = this.#sending.get(source);
    if (known === undefined) {
      known = this.#idle.get(source) ?? { newest: time, heardAt: recordedAt };
      this.#idle.delete(source);
      this.#sending.set(source, known);
    }
    known.heardAt = recordedAt;
    if (time > known.newest) known.newest = time;
    if (time > this.#leader) this.#leader = time;
    const holder = this.#holder;
    return holder === undefined || holder === known || !this.#holds(holder);
  }

  /** Time has passed without events up to `to`; those that still send hold it back all the same. */
  advanceClock(to: number, recordedAt: number): number {
    this.#now = Math.max(this.#now, recordedAt);
    const held = this.#held();
    // What holds it back may have changed with the time, so that it gets further than `to` as well.
    this.#at = Math.max(this.#at, held === undefined ? to : held - this.#settings.latenessMs);
    return this.#at;
  }

  advance(): number {
    const held = this.#held();
    if (held !== undefined) this.#at = Math.max(this.#at, held - this.#settings.latenessMs);
    return this.#at;
  }

  #held(): number | undefined {
    let holder: Source | undefined;
    for (const [name, source] of this.#sending) {
      if (this.#isIdle(source)) {
        this.#sending.delete(name);
        this.#idle.set(name, source);
      } else if (this.#holds(source) && (holder === undefined || source.newest < holder.newest))
        holder = source;
    }
    this.#forget();
    this.#holder = holder;
    return holder?.newest;
  }

  #forget(): void {
    for (const [name, { heardAt }] of this.#idle) {
      if (this.#idle.size <= mostIdle && this.#now - heardAt <= forgottenAfterMs) return;
      this.#idle.delete(name);
    }
  }

  #isIdle({ heardAt }: Source): boolean {
    return this.#now - heardAt >= this.#settings.idleMs;
  }

  #holds(source: Source): boolean {
    return !this.#isIdle(source) && source.newest >= this.#leader - catchingUpMs;
  }

  save(): SavedWatermark {
    return {
      at: finite(this.#at),
      now: finite(this.#now),
      leader: finite(this.#leader),
      holder: [...this.#sending].find(([, source]) => source === this.#holder)?.[0] ?? null,
      sending: savedSources(this.#sending),
      idle: savedSources(this.#idle),
    };
  }

  static load(saved: SavedWatermark, settings: WatermarkSettings): Watermark {
    const watermark = new Watermark(settings);
    watermark.#at = saved.at ?? Number.NEGATIVE_INFINITY;
    watermark.#now = saved.now ?? Number.NEGATIVE_INFINITY;
    watermark.#leader = saved.leader ?? Number.NEGATIVE_INFINITY;
    for (const [name, newest, heardAt] of saved.sending) watermark.#sending.set(name, { newest, heardAt });
    for (const [name, newest, heardAt] of saved.idle) watermark.#idle.set(name, { newest, heardAt });
    watermark.#holder = saved.holder === null ? undefined : watermark.#sending.get(saved.holder);
    return watermark;
  }
}

const savedSources = (sources: ReadonlyMap<string, Source>): SavedSource[] =>
  [...sources].map(([name, { newest, heardAt }]) => [name, newest, heardAt]);

const finite = (time: number): number | null => (Number.isFinite(time) ? time : null);
