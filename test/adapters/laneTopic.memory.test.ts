import { createMemoryLaneTopic } from '../../src/adapters/memory/laneTopic.ts';
import { compareNumbered } from '../../src/adapters/numberedFeed.ts';
import { contractLanes, laneTopicContract } from '../contracts/laneTopic.ts';

laneTopicContract('memory', {
  open: async () => {
    const topic = createMemoryLaneTopic({ lanes: contractLanes, compare: compareNumbered });
    return { ...topic, lettersPut: async () => topic.letters, close: async () => undefined };
  },
});
