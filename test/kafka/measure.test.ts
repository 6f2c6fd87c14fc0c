import { it } from 'vitest';
import { measureKafka } from '../bench/kafka.ts';
import { newestKafka, withBroker } from '../support/kafka/topic.ts';
withBroker(newestKafka, (brokers) => {
  it('m', async () => {
    for (let i = 0; i < 3; i++) console.log(await measureKafka({ brokers: brokers(), events: 200_000 }));
    console.log(await measureKafka({ brokers: brokers(), events: 200_000, perFlush: 500 }));
  });
});
