import { defineConfig } from 'vitest/config';

// Where CI wants the counts (see .ci/run); people read the default reporter.
const json = process.env.VITEST_JSON;

/** Counts every container that the engine has, those of other tests included. */
const COUNTS_CONTAINERS = 'harness/stack/containers.test.ts';

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: json ? ['default', ['json', { outputFile: json }]] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['**/*.test.ts'],
          exclude: ['node_modules/**', 'reports/out/**', 'test/**', COUNTS_CONTAINERS],
          maxWorkers: 2,
        },
      },
      {
        // Whole runs judge timing: one at a time, after everything else, with the machine to themselves, and its engine.
        extends: true,
        test: {
          name: 'runs',
          include: ['test/**/*.test.ts', COUNTS_CONTAINERS],
          fileParallelism: false,
          // Of the tests that say they may run side by side.
          maxConcurrency: 2,
          testTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
