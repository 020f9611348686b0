import { it } from 'vitest';
import { claimRounds } from '../../scenarios/claims.ts';

const rounds = Number(process.env['COTERIE_ROUNDS'] ?? 20);

it(
  `CLM-10: 20 agents on 4 replicas claim 50 tasks at once, ${rounds} rounds: each has one holder, who was told so`,
  () => claimRounds(rounds),
  1_200_000,
);
