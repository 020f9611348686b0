import { join } from 'node:path';
import { openReplica } from '../../relay/embed/index.ts';
import { surfaceContract } from '../contracts/surface/index.ts';

surfaceContract('embedded', async (root) => {
  const directory = join(root, 'data');
  const kai = await openReplica({
    directory,
    config: join(root, 'config'),
    as: 'kai',
    durability: 'os',
    embeddings: false,
    // Tickets name where it listens.
    sync: { state: join(root, 'state') },
  });
  return { kai, as: (handle) => kai.as(handle), close: () => kai.close() };
});
