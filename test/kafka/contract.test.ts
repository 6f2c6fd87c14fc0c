import { contractLanes, laneTopicContract } from '../contracts/laneTopic.ts';
import { kafkaVersions } from '../support/kafka/installed.ts';
import { lettersIn, newTopicName, openTestTopic, withBroker } from '../support/kafka/topic.ts';

for (const version of kafkaVersions) {
  withBroker(version, (brokers) => {
    laneTopicContract('Kafka', {
      open: async () => {
        const topic = newTopicName();
        const opened = await openTestTopic({ brokers: brokers(), topic, lanes: contractLanes });
        return { ...opened, lettersPut: () => lettersIn(brokers(), topic) };
      },
    });
  });
}
