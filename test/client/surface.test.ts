import { join } from 'node:path';
import { expectTypeOf, it } from 'vitest';
import { startNode } from '../../relay/node/node.ts';
import { tokenOf } from '../../relay/node/tokens.ts';
import { type Client, createClient } from '../../src/client/index.ts';
import type { Replica, Surface } from '../../src/replica/surface.ts';
import { surfaceContract } from '../contracts/surface/index.ts';

surfaceContract('over HTTP', async (root) => {
  const directory = join(root, 'data');
  const node = await startNode({
    directory,
    config: join(root, 'config'),
    state: join(root, 'state'),
    as: 'kai',
    port: 0,
    durability: 'os',
  });
  const as = (handle: string) =>
    createClient({ url: node.url, token: tokenOf(directory, handle), member: handle });
  return { kai: as('kai'), as, close: () => node.close() };
});

it('a client stands where a surface is asked for, but for the member, which the token names', () => {
  expectTypeOf<Client>().toExtend<Omit<Surface, 'member'>>();
  // What is of the process that has the replica: where it is, whom it hosts, who joins by it, and its end.
  type Own = 'member' | 'workspace' | 'id' | 'directory' | 'as' | 'countersign' | 'attach' | 'close';
  expectTypeOf<Exclude<keyof Replica, keyof Client>>().toEqualTypeOf<Own>();
  expectTypeOf<Exclude<keyof Client, keyof Replica>>().toEqualTypeOf<never>();
});
