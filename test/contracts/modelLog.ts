import { idOf } from './logEvents.ts';

export interface ModelEvent {
  number: number;
  stream: string;
  position: number;
  recordedAt: number;
  revision: number;
}

export interface ModelAppend {
  stream: string;
  numbers: readonly number[];
  expected: 'any' | 'none' | number;
}

/** What a log should do, written as plainly as can be: lists, and a search through all of them each time. */
export class ModelLog {
  events: ModelEvent[] = [];
  head = 0;
  /** Whether a log still knows the ids of these is left to it. */
  readonly forgotten = new Set<number>();
  private recordedAt = 0;
  private readonly deciding = new Map<string, number>();

  append(
    appends: readonly ModelAppend[],
    now: number,
  ): { appended: number; duplicates: number } | { actual: number | 'none' } {
    const trial = new ModelLog();
    trial.events = [...this.events];
    trial.head = this.head;
    for (const [stream, last] of this.deciding) trial.deciding.set(stream, last);
    const recordedAt = Math.max(now, this.recordedAt);
    let appended = 0;
    let duplicates = 0;
    for (const { stream, numbers, expected } of appends) {
      const actual = trial.revision(stream);
      const fresh = [...new Set(numbers)].filter(
        (number) => !trial.events.some((event) => event.number === number),
      );
      const repeated = numbers.length > 0 && fresh.length === 0;
      if (expected !== 'any' && expected !== (actual < 0 ? 'none' : actual) && !repeated) {
        return { actual: actual < 0 ? 'none' : actual };
      }
      for (const number of fresh) {
        const revision = trial.revision(stream) + 1;
        trial.events.push({ number, stream, position: ++trial.head, recordedAt, revision });
        if (trial.deciding.has(stream)) trial.deciding.set(stream, revision);
      }
      if (expected !== 'any' && fresh.length > 0) trial.deciding.set(stream, trial.revision(stream));
      appended += fresh.length;
      duplicates += numbers.length - fresh.length;
    }
    this.events = trial.events;
    this.head = trial.head;
    for (const [stream, last] of trial.deciding) this.deciding.set(stream, last);
    if (appended > 0) this.recordedAt = recordedAt;
    return { appended, duplicates };
  }

  private revision(stream: string): number {
    const decided = this.deciding.get(stream);
    return decided ?? this.stream(stream).length - 1;
  }

  stream(stream: string, fromRevision = 0): ModelEvent[] {
    const events = this.events.filter((event) => event.stream === stream);
    if (this.deciding.has(stream)) return events.filter(({ revision }) => revision >= fromRevision);
    return events.slice(fromRevision);
  }

  expire(before: number, keep: (number: number) => boolean): number {
    const all = this.events;
    this.events = all.filter((event) => event.recordedAt >= before || keep(event.number));
    for (const event of all) if (!this.events.includes(event)) this.forgotten.add(event.number);
    for (const stream of new Set(this.events.map((event) => event.stream))) {
      if (this.deciding.has(stream)) continue;
      for (const [revision, event] of this.stream(stream).entries()) event.revision = revision;
    }
    return all.length - this.events.length;
  }
}

export const numberOf = (id: string): number => {
  const number = Number.parseInt(id.slice(-12), 16);
  if (idOf(number) !== id) throw new Error(`${id} is none of the test's ids.`);
  return number;
};
