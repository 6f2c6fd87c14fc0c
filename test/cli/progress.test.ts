import { describe, expect, it } from 'vitest';
import { createProgress, progressLine } from '../../src/api/cli/progress.ts';

function watched(isTTY: boolean) {
  let now = 0;
  const written: string[] = [];
  const stream = { write: (text: string) => void written.push(text), isTTY, columns: 60 };
  const progress = createProgress(stream, () => now);
  const at = (ms: number, done: number) => {
    now = ms;
    progress.update({ label: 'verifying requests', done, total: 1_000, unit: 'events' });
  };
  return { written, progress, at };
}

describe('progress', () => {
  it('says nothing where no one watches', () => {
    const { written, progress, at } = watched(false);
    for (let ms = 0; ms < 10_000; ms += 100) at(ms, ms / 10);
    progress.end();
    expect(written).toEqual([]);
  });

  it('says nothing of work that is done within a second', () => {
    const { written, progress, at } = watched(true);
    at(0, 0);
    at(999, 999);
    progress.end();
    expect(written).toEqual([]);
  });

  it('rewrites one line, not more than ten times a second, never wider than the terminal', () => {
    const { written, progress, at } = watched(true);
    for (let ms = 0; ms <= 3_000; ms += 10) at(ms, ms / 10);
    expect(written.length).toBe(21);
    expect(written.every((text) => text.startsWith('\r\u001b[2K') && !text.includes('\n'))).toBe(true);
    expect(written.every((text) => text.length - '\r\u001b[2K'.length < 60)).toBe(true);
    progress.end();
    expect(written.at(-1)).toBe('\r\u001b[2K');
  });

  it('tells the share, the rate and the time left, and gives up the bar before the figures', () => {
    const state = {
      label: 'verifying logs',
      done: 250_000,
      total: 1_000_000,
      unit: 'events',
      elapsedMs: 2_000,
    };
    const figures = '25%  250,000 of 1,000,000 events  125,000/s  6s left';
    expect(progressLine(state, 100)).toBe(`verifying logs  ████░░░░░░░░░░░░ ${figures}`);
    expect(progressLine(state, 79)).toBe(`verifying logs  ███░░░░░░░ ${figures}`);
    expect(progressLine(state, 70)).toBe(`verifying logs  ${figures}`);
    expect(progressLine({ ...state, done: 0, total: 0 }, 79)).toBe('verifying logs …');
  });
});
