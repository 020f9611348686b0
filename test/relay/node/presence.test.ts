import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openReplica, type Replica } from '../../../relay/embed/open.ts';
import { openLog } from '../../../relay/node/log.ts';
import { scratch } from '../../support/scratch.ts';

it('PRS-6, SYN-34: over links, who says something at one replica is seen at those beyond the next', async () => {
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
  const hub = await open('hub', []);
  const kai = await open('kai', [hub.sync?.url ?? '']);
  const rin = await open('rin', [hub.sync?.url ?? '']);
  await kai.messages.post('general', { text: 'hello' });
  const { id, short } = await kai.tasks.create({ title: 'One' });
  await kai.presence.set({ state: 'working', task: id, note: 'the parser' });
  const seen = async (at: Replica) => {
    const { items } = await at.presence.list({ offline: false });
    return items.map(({ member, state, task, note, replica }) => [
      ...[member.handle, state, task?.short, note],
      replica === kai.id,
    ]);
  };
  const poll = { timeout: 60_000, interval: 50 };
  await expect.poll(() => seen(rin), poll).toEqual([['kai', 'working', short, 'the parser', true]]);
  // Who comes later is told what holds; and what ends, ends for all.
  const lou = await open('lou', [rin.sync?.url ?? '']);
  await expect.poll(() => seen(lou), poll).toEqual([['kai', 'working', short, 'the parser', true]]);
  await kai.presence.set({ state: 'offline' });
  await expect.poll(() => seen(lou), poll).toEqual([]);
});
