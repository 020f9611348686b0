import { expectTypeOf, it } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import type { Replica, Surface } from '../../src/replica/surface.ts';
import { surfaceContract } from '../contracts/surface/index.ts';
import { nodeIn } from '../support/node.ts';

surfaceContract('over HTTP', async (root) => {
  const { node, as } = await nodeIn(root);
  return { kai: as('kai'), as, close: () => node.close() };
});

it('a client stands where a surface is asked for, but for the member, which the token names', () => {
  expectTypeOf<Client>().toExtend<Omit<Surface, 'member'>>();
  // What is of the process that has the replica: where it is, whom it hosts, who joins by it, and its end.
  type Own = 'member' | 'workspace' | 'id' | 'directory' | 'as' | 'countersign' | 'attach' | 'close';
  expectTypeOf<Exclude<keyof Replica, keyof Client>>().toEqualTypeOf<Own>();
  expectTypeOf<Exclude<keyof Client, keyof Replica>>().toEqualTypeOf<never>();
});
