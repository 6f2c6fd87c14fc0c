import { eventTypes, isTelemetry } from '../../events/catalogue.ts';
import type { Cell } from '../beats/cell.ts';
import type { Rule } from '../rule.ts';
import type { Arrival } from '../windows/paneWindow.ts';
import type { Details, Kind, Reading, Series } from './kind.ts';

/** How long nothing has been heard. What has been silent for longer than the window is forgotten. */

type SavedSilence = { at: number | null; heard: number; events: number };

export const silenceKind = ({ windowMs, everyMs }: { windowMs: number; everyMs: number }): Kind => ({
  types: eventTypes.filter(isTelemetry),
  open: () => new SilenceSeries(windowMs, everyMs),
  load: (saved) => new SilenceSeries(windowMs, everyMs, saved as SavedSilence),
});

class SilenceSeries implements Series {
  readonly #windowMs: number;
  readonly #everyMs: number;
  #at: number;
  #heard: number;
  #events: number;

  constructor(windowMs: number, everyMs: number, saved?: SavedSilence) {
    this.#windowMs = windowMs;
    this.#everyMs = everyMs;
    this.#at = saved?.at ?? Number.NEGATIVE_INFINITY;
    this.#heard = saved?.heard ?? Number.NEGATIVE_INFINITY;
    this.#events = saved?.events ?? 0;
  }

  take({ step, count, last }: Cell): Arrival {
    this.#events += count;
    if (last > this.#heard) this.#heard = last;
    return step <= this.#at ? 'taken' : 'ahead';
  }

  /** Who could not be heard was not silent. */
  deaf(forMs: number): void {
    this.#heard += forMs;
  }

  advanceTo(at: number): void {
    this.#at = at;
  }

  isEmpty(): boolean {
    return this.#at - this.#heard >= this.#windowMs;
  }

  /** A silence grows by itself. */
  nextChange(): number | undefined {
    return this.isEmpty() ? undefined : Math.max(this.#at, this.#heard) + this.#everyMs;
  }

  read(_rule: Rule, end = this.#at): Reading {
    // How long it had been silent before it was heard again is no longer known.
    if (end < this.#at && this.#heard > end) return { value: undefined, volume: 0 };
    return { value: Math.max(0, end - this.#heard), volume: this.#events };
  }

  details(_rule: Rule, end = this.#at): Details {
    const silentMs = Math.max(0, end - this.#heard);
    return { figures: { silentMs }, points: [] };
  }

  save(): unknown {
    const at = Number.isFinite(this.#at) ? this.#at : null;
    return { at, heard: this.#heard, events: this.#events };
  }
}
