import type { Stream } from './ports.ts';
import { count, duration } from './text.ts';

/** Work that is done before this many milliseconds shows nothing. */
const quietMs = 1_000;
const redrawMs = 100;

export interface Progress {
  update(state: { label: string; done: number; total: number; unit: string }): void;
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
      const line = progressLine({ label, done, total, unit, elapsedMs: at - stageAt });
      stream.write(`\r\u001b[2K${line.slice(0, (stream.columns || 80) - 1)}`);
    },
    end() {
      if (drawnAt !== Number.NEGATIVE_INFINITY) stream.write('\r\u001b[2K');
    },
  };
}

export function progressLine(state: {
  label: string;
  done: number;
  total: number;
  unit: string;
  elapsedMs: number;
}): string {
  const { label, done, total, unit, elapsedMs } = state;
  if (total <= 0) return `${label} …`;
  const share = Math.min(1, done / total);
  const rate = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0;
  const filled = Math.round(share * 16);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(16 - filled)}`;
  const figures = `${bar} ${Math.floor(share * 100)}%  ${count(done)} of ${count(total)} ${unit}`;
  const pace = rate > 0 ? `  ${count(rate)}/s` : '';
  const left = rate > 0 && done < total ? `  ${duration(((total - done) * 1000) / rate)} left` : '';
  return `${label}  ${figures}${pace}${left}`;
}
