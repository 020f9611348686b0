import { it } from 'vitest';
import { claimRounds } from './claims.ts';

it(
  'CLM-10: 20 agents on 4 replicas claim 50 tasks at once: each has one holder, who was told so, while the office is handed over',
  () => claimRounds(1),
  120_000,
);
