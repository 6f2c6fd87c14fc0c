import type { Evidence } from '../../events/alerts.ts';
import type { TelemetryType } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { Cell, Told } from '../beats/cell.ts';
import type { Rule } from '../rule.ts';
import type { Arrival } from '../windows/paneWindow.ts';

/** What one evaluation finds; without a value there was nothing to compute it from. */
export interface Reading {
  value: number | undefined;
  /** How many events it rests on. */
  volume: number;
  /** How many of them failed, where that is what is measured. */
  failures?: number;
}

export type Details = Pick<Evidence, 'figures' | 'points'> & { sketch?: Evidence['sketch'] };

/** One set of labels of one kind of window. */
export interface Series {
  /** The windows end between two steps, so that all of a cell arrives alike. */
  take(cell: Cell): Arrival;
  /** For so long nothing could come in. */
  deaf?(forMs: number): void;
  /** The window ends here from now on; never goes back. */
  advanceTo(at: number): void;
  isEmpty(): boolean;
  /** When the readings change without another event; undefined when never. */
  nextChange(): number | undefined;
  /** `end` is that of the window or, as far as it is remembered, of an earlier one. */
  read(rule: Rule, end?: number): Reading;
  details(rule: Rule, end?: number): Details;
  /** Plain data that goes to JSON and back; what it means only the kind that made it knows. */
  save(): unknown;
}

/** How events become series. Rules that need the same share them. */
export interface Kind {
  types: readonly TelemetryType[];
  /** Whether an event counts at all, beyond what the rule selects. */
  counts?(event: RecordedEvent): boolean;
  /** Labels that are not fields of the event. */
  label?(event: RecordedEvent, name: string): string | undefined;
  /** What its series need to know of an event, beyond when it was. */
  tells?(event: RecordedEvent): Told;
  open(): Series;
  load(saved: unknown): Series;
}

/** For kinds whose series is a window and nothing else. */
export const windowKind = <S, W extends { load(saved: S): void }>(
  kind: Omit<Kind, 'open' | 'load'>,
  openWindow: () => W,
  seriesOf: (window: W) => Series,
): Kind => ({
  ...kind,
  open: () => seriesOf(openWindow()),
  load(saved) {
    const window = openWindow();
    window.load(saved as S);
    return seriesOf(window);
  },
});
