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
  sources: [name: string, newest: number, heardAt: number][];
};

export class Watermark {
  #settings: WatermarkSettings;
  readonly #sources = new Map<string, Source>();
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

  /** Goes on with other settings. */
  use(settings: WatermarkSettings): void {
    this.#settings = settings;
    this.#holder = undefined;
  }

  /** Whether nothing had come from it for so long. */
  isSilent(source: string, at: number, forMs: number): boolean {
    const known = this.#sources.get(source);
    return known === undefined || at - known.newest >= forMs;
  }

  /** Whether the watermark may have moved: then `advance` tells. */
  observe(source: string, time: number, recordedAt: number): boolean {
    this.#now = Math.max(this.#now, recordedAt);
    let known = this.#sources.get(source);
    if (known === undefined) {
      known = { newest: time, heardAt: recordedAt };
      this.#sources.set(source, known);
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
    for (const [name, source] of this.#sources) {
      if (this.#now - source.heardAt > forgottenAfterMs) this.#sources.delete(name);
      else if (this.#holds(source) && (holder === undefined || source.newest < holder.newest))
        holder = source;
    }
    this.#holder = holder;
    return holder?.newest;
  }

  #holds({ newest, heardAt }: Source): boolean {
    return this.#now - heardAt < this.#settings.idleMs && newest >= this.#leader - catchingUpMs;
  }

  save(): SavedWatermark {
    return {
      at: finite(this.#at),
      now: finite(this.#now),
      leader: finite(this.#leader),
      holder: [...this.#sources].find(([, source]) => source === this.#holder)?.[0] ?? null,
      sources: [...this.#sources].map(([name, { newest, heardAt }]) => [name, newest, heardAt]),
    };
  }

  static load(saved: SavedWatermark, settings: WatermarkSettings): Watermark {
    const watermark = new Watermark(settings);
    watermark.#at = saved.at ?? Number.NEGATIVE_INFINITY;
    watermark.#now = saved.now ?? Number.NEGATIVE_INFINITY;
    watermark.#leader = saved.leader ?? Number.NEGATIVE_INFINITY;
    for (const [name, newest, heardAt] of saved.sources) watermark.#sources.set(name, { newest, heardAt });
    watermark.#holder = saved.holder === null ? undefined : watermark.#sources.get(saved.holder);
    return watermark;
  }
}

const forgottenAfterMs = 86_400_000;

const finite = (time: number): number | null => (Number.isFinite(time) ? time : null);
