import { createRequire } from 'node:module';
import { expect, it, vi } from 'vitest';
import { follow, soon } from '../contracts/laneTopic.ts';
import { newestKafka, openTestTopic, withBroker } from '../support/kafka/topic.ts';

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js');

withBroker(newestKafka, (brokers) => {
  it('an idle connection costs nothing: it looks for work when something was answered, and else never', async () => {
    const topic = await openTestTopic({ brokers: brokers() });
    const answers = vi.spyOn(prototype, 'fulfillRequest');
    const looks = vi.spyOn(prototype, 'checkPendingRequests');
    const reader = follow(topic.group('idle'));
    await soon(() => expect(reader.held.size).toBe(3));
    const before = answers.mock.calls.length;
    await soon(() => expect(answers.mock.calls.length).toBeGreaterThan(before + 12));
    // As the client is by itself, each of these connections would have looked thousands of times meanwhile.
    expect(looks.mock.calls.length).toBe(answers.mock.calls.length);
    vi.restoreAllMocks();
    await topic.close();
  });
});
