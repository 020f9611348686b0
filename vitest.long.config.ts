import { mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** Soaks, kill audits and power-cut sweeps: minutes each, so they run apart from `npm test`. */
const long = mergeConfig(base, { test: { testTimeout: 1_200_000, hookTimeout: 120_000, maxWorkers: 1 } });
delete long.test.projects;
long.test.include = ['test/long/**/*.test.ts'];
long.test.exclude = ['**/node_modules/**'];

export default long;
