import { it } from 'vitest';
import { killedInTurn } from '../relay/sealed/writers.ts';
import { scratch } from '../support/scratch.ts';

it(
  'SLR-22: a replica and its relay are killed twenty times while records come',
  () => killedInTurn(scratch(), 20, 150),
  600_000,
);
