import { describe, expect, it } from 'vitest';
import { asPosition, type Position } from '../../src/domain/position.ts';
import { BatchWindow } from '../../src/projections/batchWindow.ts';
import type { Projection } from '../../src/projections/projection.ts';
import type { StretchQuery } from '../../src/projections/projector.ts';
import { deploys, logs, spans } from '../../src/projections/readModels/rawEvents.ts';
import { defaultProjectionSettings } from '../../src/projections/settings.ts';

const all = [logs, spans, deploys];
const live = new AbortController().signal;
const at = (position: number): Position => asPosition(String(position));

/** A feed of `head` events, whose projector only notes what it was asked for. */
function windowOver(head: number, maxBatchEvents = 100) {
  const asked: string[] = [];
  const window = new BatchWindow(all, {
    feed: {
      compare: (a, b) => Number(a) - Number(b),
      distance: (from, to) => Number(to) - Number(from ?? 0),
      head: async () => at(head),
    },
    projector: {
      async next({ projections, after, until, maxEvents = head }: StretchQuery) {
        const from = Number(after ?? 0);
        const to = Math.min(from + maxEvents, Number(until ?? head));
        asked.push(`${projections.join('+')} ${from}-${to}`);
        return {
          from: after,
          to: at(to),
          events: to - from,
          lastRecordedAt: 1,
          rows: new Map(),
          unprojectable: [],
        };
      },
    },
    settings: { ...defaultProjectionSettings, maxBatchEvents, lingerMs: 5, busyLingerMs: 5 },
    onUnprojectable: () => undefined,
  });
  const next = async (projection: Projection, after: number | undefined) => {
    const batch = await window.next(projection, after === undefined ? undefined : at(after), live);
    return Number(batch?.to);
  };
  return { next, asked };
}

describe('the window that live projections share', () => {
  it('reads each batch once for all who stand at its beginning', async () => {
    const { next, asked } = windowOver(200);
    expect(await Promise.all(all.map((projection) => next(projection, undefined)))).toEqual([100, 100, 100]);
    expect(await Promise.all(all.map((projection) => next(projection, 100)))).toEqual([200, 200, 200]);
    expect(asked).toEqual(['logs+spans+deploys 0-100', 'logs+spans+deploys 100-200']);
  });

  it('lets one that fell behind read by itself up to where the others can be joined', async () => {
    const { next, asked } = windowOver(400);
    for (const after of [undefined, 100, 200]) await next(logs, after);
    asked.length = 0;
    expect(await next(spans, 30)).toBe(100);
    expect(await next(spans, 100)).toBe(200);
    expect(asked).toEqual(['spans 30-100']);
  });

  it('lets one within the newest batch read by itself to its end, and shares from there', async () => {
    const { next, asked } = windowOver(300);
    await next(logs, undefined);
    await next(logs, 100);
    expect(await next(spans, 150)).toBe(200);
    await Promise.all([next(spans, 200), next(logs, 200)]);
    expect(asked).toEqual([
      'logs+spans+deploys 0-100',
      'logs+spans+deploys 100-200',
      'spans 150-200',
      'logs+spans+deploys 200-300',
    ]);
  });
});
