import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryCheckpoints } from '../../../src/adapters/memory/checkpoints.ts';
import { compareNumbered } from '../../../src/adapters/numberedFeed.ts';
import { asPosition } from '../../../src/domain/position.ts';
import { type LaneRecord, takeLane } from '../../../src/projections/lanes/laneRecord.ts';
import {
  type Checkpoint,
  type CheckpointStore,
  CheckpointTakenError,
} from '../../../src/projections/ports.ts';
import { deploys, logs, spans } from '../../../src/projections/readModels/rawEvents.ts';

const at = (position: number) => asPosition(String(position));
const generation = (done?: number, pending?: [number, number]) => ({
  version: 1,
  number: 1,
  ...(done !== undefined && { done: at(done) }),
  ...(pending !== undefined && { pending: { from: at(pending[0]), to: at(pending[1]) } }),
});

let store: CheckpointStore;
let saves: Checkpoint[];
let passed: string[];
let taken: number;
let failure: Error | undefined;
let hold: Promise<void> | undefined;
let letGo: AbortController;

beforeEach(() => {
  [store, saves, passed, taken, failure, hold] = [createMemoryCheckpoints(), [], [], 0, undefined, undefined];
  letGo = new AbortController();
});
afterEach(() => vi.useRealTimers());

const take = (projections = [logs, spans]): Promise<LaneRecord> =>
  takeLane({
    checkpoints: {
      load: store.load,
      async save(name, checkpoint) {
        await hold;
        if (failure !== undefined) throw failure;
        saves.push(checkpoint);
        await store.save(name, checkpoint);
      },
    },
    lane: 3,
    projections,
    compare: compareNumbered,
    idleSaveMs: 200,
    onSaved: (least) => passed.push(least),
    onTaken: () => {
      taken++;
    },
    onFailed: () => undefined,
    signal: letGo.signal,
  });

describe("a lane's record", () => {
  it('is taken by a save, and a successor finds each projection where it was', async () => {
    const record = await take();
    expect(saves).toHaveLength(1);
    await record.save('logs', generation(5, [5, 9]));
    await record.save('spans', generation(7));
    const next = await take();
    expect(next.generationOf(logs)).toEqual(generation(5, [5, 9]));
    expect(next.generationOf(spans)).toEqual(generation(7));
    expect(next.least).toBe('5');
  });

  it('is not taken by one who had to let go of the lane while it was loaded', async () => {
    const taking = take();
    letGo.abort();
    await expect(taking).rejects.toThrow();
    expect(saves).toEqual([]);
  });

  it('tells the group of what all have passed, and only once it is on disk', async () => {
    const record = await take();
    await record.save('logs', generation(9));
    expect(passed).toEqual([]);
    let go = (): void => undefined;
    hold = new Promise((resolve) => {
      go = resolve;
    });
    const saving = record.save('spans', generation(4));
    await Promise.resolve();
    expect(passed).toEqual([]);
    go();
    await saving;
    expect(passed).toEqual(['4']);
  });

  it('saves together all that comes while a save is under way', async () => {
    const record = await take();
    await Promise.all([1, 2, 3, 4].map((done) => record.save('logs', generation(done))));
    expect(saves.length).toBeLessThanOrEqual(3);
    expect((await take()).generationOf(logs)).toEqual(generation(4));
  });

  it('saves soon what has only moved, once for all of it', async () => {
    vi.useFakeTimers();
    const record = await take();
    for (const done of [1, 2, 3]) {
      record.note('logs', generation(done));
      record.note('spans', generation(done));
    }
    await vi.advanceTimersByTimeAsync(199);
    expect(saves).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(saves.at(-1)).toEqual({
      active: generation(3),
      projections: { logs: {}, spans: {} },
    });
    expect(passed).toEqual(['3']);
  });

  it('a new projection begins at the start, though the others are far ahead', async () => {
    const record = await take();
    await record.save('logs', generation(9));
    await record.save('spans', generation(9));
    const next = await take([logs, spans, deploys]);
    expect(next.generationOf(deploys)).toEqual(generation());
    expect(next.generationOf(logs)).toEqual(generation(9));
    await next.save('logs', generation(12));
    expect((await take([logs, spans, deploys])).generationOf(spans)).toEqual(generation(9));
  });

  it('keeps what another version of the program has noted of projections that this one does not know', async () => {
    const newer = await take([logs, spans, deploys]);
    await newer.save('logs', generation(9));
    await newer.save('spans', generation(9));
    const older = await take();
    await older.save('logs', generation(20));
    await older.save('spans', generation(20));
    const again = await take([logs, spans, deploys]);
    expect(again.generationOf(deploys)).toEqual(generation());
    await again.save('deploys', generation(20));
    await (await take()).save('logs', generation(30));
    expect((await take([logs, spans, deploys])).generationOf(deploys)).toEqual(generation(20));
  });

  it('when another process has gone on, nothing more is saved, and it is said once', async () => {
    const record = await take();
    failure = new CheckpointTakenError('lane-3');
    const both = [record.save('logs', generation(1)), record.save('spans', generation(1))];
    for (const one of both) await expect(one).rejects.toBeInstanceOf(CheckpointTakenError);
    failure = undefined;
    await expect(record.save('logs', generation(2))).rejects.toBeInstanceOf(CheckpointTakenError);
    expect(saves).toHaveLength(1);
    expect(taken).toBe(1);
  });

  it('who has let go of it saves nothing more, and does not act on a save that was under way', async () => {
    const record = await take();
    let go = (): void => undefined;
    hold = new Promise((resolve) => {
      go = resolve;
    });
    const saving = record.save('logs', generation(1, [1, 5]));
    const refused = expect(saving).rejects.toBeInstanceOf(CheckpointTakenError);
    await Promise.resolve();
    record.close();
    go();
    await refused;
    expect(passed).toEqual([]);
  });
});
