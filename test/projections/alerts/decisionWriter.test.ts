import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../../src/adapters/memory/eventLog.ts';
import type { Decision } from '../../../src/domain/alerts/processor/decision.ts';
import { createDecisionWriter } from '../../../src/projections/alerts/decisionWriter.ts';
import { event } from '../../support/events.ts';
import { readAll } from '../../support/ingest.ts';

let log: ReturnType<typeof createMemoryLog>;
beforeEach(() => {
  log = createMemoryLog({ clock: () => 1_000 });
});

const decision = (stream: string): Decision => ({ stream, event: event('DeployRecorded') });
const told = async (): Promise<string[]> => (await readAll(log)).map(({ id }) => id);
const idsOf = (decisions: readonly (Decision | undefined)[]) => decisions.map((one) => one?.event.id);

describe('the writer of decisions', () => {
  it('keeps their order over all streams, in however many writes they come', async () => {
    const all = ['a', 'b', 'a', 'c', 'b', 'a'].map(decision);
    const writer = createDecisionWriter(log);
    await writer.write(all.slice(0, 4));
    await writer.write([]);
    await writer.write(all.slice(4));
    expect(await told()).toEqual(idsOf(all));
  });

  it.each([0, 1, 2, 3, 4, 5, 6])(
    'adds what is missing when the first %i are there already',
    async (there) => {
      const all = ['a', 'b', 'a', 'c', 'b', 'a'].map(decision);
      await createDecisionWriter(log).write(all.slice(0, there));
      await createDecisionWriter(log).write(all);
      expect(await told()).toEqual(idsOf(all));
    },
  );

  it('goes on behind what others wrote into the stream, and behind what the log has forgotten', async () => {
    const first = decision('a');
    await createDecisionWriter(log).write([first, decision('a'), decision('b')]);
    await log.append([{ stream: 'a', events: [event('DeployRecorded')], expected: 1 }]);
    await log.expire({ before: 2_000, keep: ({ id }) => id !== first.event.id });
    const more = [decision('a'), decision('b'), decision('a')];
    await createDecisionWriter(log).write(more);
    expect((await told()).slice(-3)).toEqual(idsOf(more));
  });

  it('of two at the same time leaves each decision once', async () => {
    const all = ['a', 'b', 'a', 'c', 'b', 'a'].map(decision);
    await Promise.all([createDecisionWriter(log).write(all), createDecisionWriter(log).write(all)]);
    expect(await told()).toEqual(idsOf(all));
  });

  it('reads a stream once, and again when somebody else has written into it', async () => {
    const reads: string[] = [];
    const readStream: typeof log.readStream = (stream, options) => {
      reads.push(stream);
      return log.readStream(stream, options);
    };
    const writer = createDecisionWriter({ append: log.append, readStream });
    const all = Array.from({ length: 20 }, () => decision('a'));
    for (const one of all) await writer.write([one, one]);
    expect(reads).toEqual(['a']);
    await log.append([{ stream: 'a', events: [event('DeployRecorded')], expected: 19 }]);
    const last = decision('a');
    await writer.write([last]);
    expect(reads).toEqual(['a', 'a']);
    expect((await told()).at(-1)).toBe(last.event.id);
    expect(await told()).toHaveLength(22);
  });

  it('knows what became of a write that seemed to fail', async () => {
    let isUnclear = true;
    const append: typeof log.append = async (appends) => {
      const outcome = await log.append(appends);
      if (isUnclear) throw new Error('the answer was lost');
      return outcome;
    };
    const writer = createDecisionWriter({ ...log, append });
    const all = ['a', 'a', 'b'].map(decision);
    await expect(writer.write(all)).rejects.toThrow();
    isUnclear = false;
    await writer.write(all);
    await writer.write(all.map(({ stream }) => decision(stream)));
    expect(await told()).toHaveLength(6);
  });

  it('gives up, and says so, when the stream never stands still', async () => {
    const restless = {
      ...log,
      append: async () => ({ kind: 'conflict', stream: 'a', expected: 0, actual: 1 }) as const,
    };
    await expect(createDecisionWriter(restless).write([decision('a')])).rejects.toThrow(/Another processor/);
  });
});
