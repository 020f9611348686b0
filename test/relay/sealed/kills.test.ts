import { it } from 'vitest';
import { scratch } from '../../support/scratch.ts';
import { killedInTurn } from './writers.ts';

it(
  'SLR-22: a replica and its relay that are killed while records come lose nothing, repeat no nonce, and count on',
  () => killedInTurn(scratch(), 3, 40),
  120_000,
);
