import { defineConfig } from 'vitest/config';

// What needs a real broker, and Java to run it: apart from `npm test`, which needs nothing but Node.
export default defineConfig({
  test: {
    include: ['test/kafka/**/*.test.ts'],
    pool: 'forks',
    isolate: true,
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 120_000,
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: 'coverage/test-results-kafka.json' }]]
      : ['default'],
  },
});
