import type { TelemetryType } from '../../events/catalogue.ts';
import type { Cell } from '../beats/cell.ts';
import { createPaneWindow, type PaneWindow } from '../windows/paneWindow.ts';
import { type Details, type Kind, type Reading, type Series, windowKind } from './kind.ts';
import { pointsShown } from './requests.ts';

/** How many events of a type there were: captured errors, log lines. */

export function countKind(
  type: TelemetryType,
  { everyMs, windowMs }: { everyMs: number; windowMs: number },
): Kind {
  const panes = windowMs / everyMs;
  const open = () => createPaneWindow({ paneMs: everyMs, panes, columns: 1, sketch: false, grace: panes });
  return windowKind({ types: [type] }, open, (window) => new CountSeries(window, panes));
}

class CountSeries implements Series {
  readonly #window: PaneWindow;
  readonly #panes: number;

  constructor(window: PaneWindow, panes: number) {
    this.#window = window;
    this.#panes = panes;
  }

  take({ step, count }: Cell) {
    return this.#window.add(step, [count]);
  }

  advanceTo(at: number): void {
    this.#window.advanceTo(at);
  }

  isEmpty(): boolean {
    return this.#window.isEmpty() && this.#window.nextChange() === undefined;
  }

  nextChange(): number | undefined {
    return this.#window.nextChange();
  }

  read(_rule: unknown, end?: number): Reading {
    const count = this.#window.sumOver(0, this.#panes, end);
    return { value: count, volume: count };
  }

  details(_rule: unknown, end?: number): Details {
    const points = this.#window.points(pointsShown, end === undefined ? {} : { end });
    return {
      figures: { count: this.#window.sumOver(0, this.#panes, end) },
      points: points.map(({ time, sums: [count = 0] }) => ({ time, value: count, volume: count })),
    };
  }

  save(): unknown {
    return this.#window.save();
  }
}
