import { reservationsContract } from '../contracts/reservations.ts';
import { nodeForTest } from '../support/node.ts';

// Over HTTP, on a node with a replica of its own.
reservationsContract(async () => {
  const { as } = await nodeForTest();
  return { kai: as('kai'), ann: as('ann') };
});
