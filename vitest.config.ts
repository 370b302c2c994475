import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'reports/out/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores are the smallest machine this must pass on; real stacks share them.
    maxWorkers: 2,
  },
});
