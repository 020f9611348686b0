import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Node, type NodeOptions, startNode } from '../../relay/node/node.ts';
import { tokenOf } from '../../relay/node/tokens.ts';
import { type Client, createClient } from '../../src/client/index.ts';
import { scratch } from './scratch.ts';

export interface NodeOfOwn {
  readonly node: Node;
  /** The client of a member over HTTP. */
  as(handle: string): Client;
}

/** A node on a replica of its own below `root`, listening on a free port. It hosts `kai`. */
export async function nodeIn(root: string, options: Partial<NodeOptions> = {}): Promise<NodeOfOwn> {
  const node = await startNode({
    directory: join(root, 'data'),
    config: join(root, 'config'),
    state: join(root, 'state'),
    as: 'kai',
    port: 0,
    durability: 'os',
    // Loading the model takes a second: the tests that are about it ask for it.
    embeddings: false,
    ...options,
  });
  const as = (handle: string): Client =>
    createClient({ url: node.url, token: tokenOf(node.directory, handle), member: handle });
  return { node, as };
}

/** The same for one test, in a workspace that `kai` has made. */
export async function nodeForTest(): Promise<NodeOfOwn> {
  const made = await nodeIn(scratch());
  onTestFinished(() => made.node.close());
  await made.as('kai').messages.post('general', { text: 'first' });
  return made;
}
