import type { RecordedEvent } from '../../events/envelope.ts';
import type { Cell } from '../beats/cell.ts';
import type { Rule } from '../rule.ts';
import type { Arrival } from '../windows/paneWindow.ts';
import type { Details, Kind, Reading, Series } from './kind.ts';

/** Runs of a job that failed or were missed, one after the other, up to the last that succeeded. */

/** Time and whether it went well. */
type Run = readonly [time: number, good: boolean];
type SavedJob = { at: number | null; runs: Run[] };

const mostRuns = 200;

export const jobKind = ({ windowMs }: { windowMs: number }): Kind => ({
  types: ['JobRecorded'],
  counts: (event) => outcomeOf(event) !== undefined,
  tells: (event) => ({ sample: outcomeOf(event) === true ? 1 : 0 }),
  open: () => new JobSeries(windowMs),
  load: (saved) => new JobSeries(windowMs, saved as SavedJob),
});

/** Only an end counts: what has begun says nothing yet. */
function outcomeOf(event: RecordedEvent): boolean | undefined {
  if (event.type !== 'JobRecorded') return undefined;
  switch (event.data.state) {
    case 'succeeded':
      return true;
    case 'failed':
    case 'missed':
      return false;
    default:
      return undefined;
  }
}

class JobSeries implements Series {
  readonly #windowMs: number;
  #runs: Run[];
  #at: number;

  constructor(windowMs: number, saved?: SavedJob) {
    this.#windowMs = windowMs;
    this.#runs = saved?.runs.map(([time, good]) => [time, good] as const) ?? [];
    this.#at = saved?.at ?? Number.NEGATIVE_INFINITY;
  }

  take({ step, samples = [] }: Cell): Arrival {
    if (step <= this.#at - this.#windowMs) return 'too_late';
    for (let at = 0; at < samples.length; at += 2) this.#add(samples[at] ?? 0, samples[at + 1] === 1);
    return step <= this.#at ? 'taken' : 'ahead';
  }

  #add(time: number, good: boolean): void {
    const place = this.#runs.findLastIndex(([before]) => before <= time) + 1;
    this.#runs.splice(place, 0, [time, good]);
    if (this.#runs.length > mostRuns) this.#runs.shift();
  }

  advanceTo(at: number): void {
    this.#at = at;
    this.#runs = this.#runs.filter(([time]) => time > at - this.#windowMs);
  }

  isEmpty(): boolean {
    return this.#runs.length === 0;
  }

  nextChange(): number | undefined {
    const [first] = this.#runs;
    if (first === undefined) return undefined;
    const ahead = this.#runs.find(([time]) => time > this.#at);
    const leaves = first[0] + this.#windowMs;
    return ahead === undefined ? leaves : Math.min(ahead[0], leaves);
  }

  #until(end: number): Run[] {
    return this.#runs.filter(([time]) => time <= end);
  }

  read(_rule: Rule, end = this.#at): Reading {
    const runs = this.#until(end);
    const lastGood = runs.findLastIndex(([, good]) => good);
    return { value: runs.length - 1 - lastGood, volume: runs.length };
  }

  details(rule: Rule, end = this.#at): Details {
    const runs = this.#until(end);
    return {
      figures: { runs: runs.length, failures: this.read(rule, end).value ?? 0 },
      points: runs.slice(-60).map(([time, good]) => ({ time, value: good ? 0 : 1, volume: 1 })),
    };
  }

  save(): unknown {
    return { at: Number.isFinite(this.#at) ? this.#at : null, runs: [...this.#runs] };
  }
}
