import type { Stream } from './ports.ts';
import { count, duration } from './text.ts';

/** Work that is done before this many milliseconds shows nothing. */
const quietMs = 1_000;
const redrawMs = 100;

interface Shown {
  label: string;
  done: number;
  total: number;
  unit: string;
}

export interface Progress {
  update(state: Shown): void;
  /** Wipes the line, so that what follows stands where it stood. */
  end(): void;
}

/** One line on the terminal that is written over and over; nothing at all where no one watches. */
export function createProgress(
  stream: Stream,
  now: () => number = performance.now.bind(performance),
): Progress {
  if (!stream.isTTY) return { update: () => undefined, end: () => undefined };
  const startedAt = now();
  let stageAt = startedAt;
  let stage = '';
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    update({ label, done, total, unit }) {
      const at = now();
      if (label !== stage) {
        stage = label;
        stageAt = at;
      }
      if (at - startedAt < quietMs || at - drawnAt < redrawMs) return;
      drawnAt = at;
      const line = progressLine(
        { label, done, total, unit, elapsedMs: at - stageAt },
        (stream.columns || 80) - 1,
      );
      stream.write(`\r\u001b[2K${line}`);
    },
    end() {
      if (drawnAt !== Number.NEGATIVE_INFINITY) stream.write('\r\u001b[2K');
    },
  };
}

export function progressLine(
  { label, done, total, unit, elapsedMs }: Shown & { elapsedMs: number },
  width: number,
): string {
  if (total <= 0) return `${label} …`.slice(0, width);
  const share = Math.min(1, done / total);
  const rate = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0;
  const pace = rate > 0 ? `  ${count(rate)}/s` : '';
  const left = rate > 0 && done < total ? `  ${duration(((total - done) * 1000) / rate)} left` : '';
  const figures = `${Math.floor(share * 100)}%  ${count(done)} of ${count(total)} ${unit}${pace}${left}`;
  // The bar gets what room is left: the figures say more.
  const room = Math.min(16, width - label.length - figures.length - 3);
  const filled = Math.round(share * room);
  const bar = room < 4 ? '' : `${'█'.repeat(filled)}${'░'.repeat(room - filled)} `;
  return `${label}  ${bar}${figures}`.slice(0, width);
}
