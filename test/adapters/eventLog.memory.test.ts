import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { eventLogContract } from '../contracts/eventLog.ts';

const reason = 'a log in memory ends with its process';

eventLogContract('memory', {
  open: async ({ clock }) => createMemoryLog({ clock }),
  makePlace: async () => '',
  skip: [
    { test: 'what was appended is there after closing and opening again', reason },
    { test: 'recording times do not decrease across a restart either', reason },
    { test: 'what was expired stays so after a restart', reason },
  ],
});
