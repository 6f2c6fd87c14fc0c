import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need Java: `npm run test:kafka`.
    exclude: ['test/kafka/**'],
    // The engine loads a whole ClickHouse, which holds one data path per process: each file gets a process of its
    // own, and two at a time is what a two-core machine carries.
    pool: 'forks',
    isolate: true,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // `.ci/run` reads the figures from the file, so that they are vitest's own and not scraped off the screen.
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: 'coverage/test-results.json' }]]
      : ['default'],
  },
});
