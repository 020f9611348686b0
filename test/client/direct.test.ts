import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startNode } from '../../relay/node/node.ts';
import { tokenOf } from '../../relay/node/tokens.ts';
import { createClient } from '../../src/client/index.ts';
import { directContract } from '../contracts/direct.ts';

// Over HTTP, on a node with a replica of its own.
directContract(async () => {
  const root = mkdtempSync(join(tmpdir(), 'coterie-direct-'));
  const directory = join(root, 'data');
  const node = await startNode({
    directory,
    config: join(root, 'config'),
    state: join(root, 'state'),
    as: 'kai',
    port: 0,
    durability: 'os',
  });
  onTestFinished(async () => {
    await node.close();
    rmSync(root, { recursive: true, force: true });
  });
  const as = (handle: string) =>
    createClient({ url: node.url, token: tokenOf(directory, handle), member: handle });
  await as('kai').messages.post('general', { text: 'first' });
  return { as };
});
