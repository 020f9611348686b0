import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Where the machine-readable report goes; `.ci/run` sets it and counts from it. */
const report = process.env['COTERIE_TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**', '**/node_modules/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    passWithNoTests: false,
    reporters: report ? ['default', 'json'] : ['default'],
    ...(report ? { outputFile: { json: report } } : {}),
    env: {
      // No test may touch the directories of the person who runs it.
      COTERIE_HOME: join(tmpdir(), `coterie-test-${process.pid}`),
    },
  },
});
