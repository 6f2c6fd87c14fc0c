import { afterAll, describe, expect, it } from 'vitest';
import { at, chain, follow, soon } from '../contracts/laneTopic.ts';
import { createBroker } from '../support/kafka/broker.ts';
import { installedKafka } from '../support/kafka/installed.ts';
import { openLossyWire } from '../support/kafka/lossyWire.ts';
import { newestKafka, openTestTopic } from '../support/kafka/topic.ts';

const installed = installedKafka(newestKafka);
if ('missing' in installed) console.warn(`SKIPPED: answers that are lost: ${installed.missing}`);

describe.skipIf('missing' in installed)('answers of the broker that are lost on their way', () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  it('a write that fails though it was kept takes nothing from the writes that follow', async () => {
    const wire = await openLossyWire();
    cleanups.push(wire.close);
    const broker = await createBroker(newestKafka, { advertised: wire.port });
    cleanups.push(broker.remove);
    await broker.start();
    wire.leadTo(Number(broker.brokers[0]?.split(':')[1]));
    const topic = await openTestTopic({ brokers: wire.brokers });
    cleanups.push(topic.close);
    const write = (positions: readonly number[], after?: number): Promise<void> =>
      topic.writer.write(new Map([[0, chain(0, positions, after)]]));

    await write([1, 2]);
    wire.loseAnswers(true);
    await expect(write([3, 4], 2)).rejects.toThrow();
    wire.loseAnswers(false);
    // Another write than the one that failed: to the broker's mind the same numbers, were the producer the same.
    await write([5, 6], 4);
    expect(await topic.writer.newest()).toEqual([at(6), undefined, undefined]);
    const reader = follow(topic.group('readers'));
    await soon(() => expect(reader.numbers(0)).toEqual([1, 2, 3, 4, 5, 6]));
  });
});
