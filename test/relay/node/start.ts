import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openLog } from '../../../relay/node/log.ts';
import { type Node, type NodeOptions, startNode } from '../../../relay/node/node.ts';
import type { Home } from '../../replica/support/open.ts';

/** A node on a directory of its own, which ends with the test. */
export async function start(at: Home, options: Partial<NodeOptions> = {}): Promise<Node> {
  const node = await startNode({
    directory: at.directory,
    config: at.config,
    state: join(at.root, 'state'),
    as: 'kai',
    durability: 'os',
    port: 0,
    log: openLog('silent'),
    ...options,
  });
  onTestFinished(() => node.close());
  return node;
}
