import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Where the machine-readable report goes; `.ci/run` names a file and counts from it. */
const report = process.env['COTERIE_TEST_REPORT'];

// No test may touch the data, or use the identity, of the person who runs it.
for (const name of ['DATA', 'AS', 'URL', 'TOKEN']) delete process.env[`COTERIE_${name}`];
const home = join(tmpdir(), `coterie-test-${process.pid}`);

const never = ['test/long/**', '**/node_modules/**'];

/**
 * Tests of functions and of replicas in memory. Files of these run one after the other in the same processes, which load
 * the sources once instead of once for each: what they leave in a module others see, so they leave nothing.
 */
const shared = [
  'client',
  'fold',
  'globs',
  'import',
  'keys',
  'log',
  'machines',
  'maps',
  'op',
  'replica',
  'seal',
  'sync',
];
/** But for one that takes half a minute: begun among the last, it would be waited for alone. */
const together = shared.map((folder) => `test/${folder}/**/!(sync-apart).test.ts`);

export default defineConfig({
  test: {
    // Tests start the command line as a user does: from one file, which a build by hand leaves as it was.
    globalSetup: ['./scripts/lib/bundle.mjs', './scripts/lib/model.mjs', './scripts/lib/dashboard.mjs'],
    // They run in the order of their names.
    projects: [
      {
        extends: true,
        test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: [...never, ...together] },
      },
      {
        extends: true,
        test: { name: 'shared', include: together, exclude: never, isolate: false },
      },
    ],
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 90_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
    reporters: ['default', './scripts/skip-reporter.mjs', ...(report ? ['json'] : [])],
    ...(report ? { outputFile: { json: report } } : {}),
    env: {
      // Loading the model takes a second and 400 MB: the tests that are about it ask for it.
      COTERIE_EMBEDDINGS: 'off',
      XDG_DATA_HOME: join(home, 'data'),
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_STATE_HOME: join(home, 'state'),
      XDG_CACHE_HOME: join(home, 'cache'),
    },
  },
});
