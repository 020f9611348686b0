import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openReplica, type Replica } from '../../../relay/embed/open.ts';
import { openLog } from '../../../relay/node/log.ts';
import { scratch } from '../../support/scratch.ts';

it('HIS-4: over a link, what both sides hold by their digests was seen on the other', async () => {
  const root = scratch();
  async function open(as: string, upstreams: readonly string[]): Promise<Replica> {
    const replica = await openReplica({
      directory: join(root, as),
      config: join(root, 'config'),
      as,
      durability: 'os',
      sync: { upstreams, state: join(root, `state-${as}`), log: openLog('silent') },
    });
    onTestFinished(() => replica.close());
    return replica;
  }
  const kai = await open('kai', []);
  const rin = await open('rin', [kai.sync?.url ?? '']);
  const { id } = await kai.messages.post('general', { text: 'hello' });
  const seen = async () => {
    const { items } = await kai.history(id);
    return items[0]?.seen.map(({ replica, because }) => [replica, because]);
  };
  await expect.poll(seen, { timeout: 60_000, interval: 50 }).toEqual([[rin.id, 'digests']]);
});
