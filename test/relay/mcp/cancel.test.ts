import { describe, expect, it } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import { joinByTicket } from '../../../src/replica/workspace/joining.ts';
import { home } from '../../replica/support/open.ts';
import { start } from '../node/start.ts';
import { type Agent, onHttp, onStdio } from './support.ts';

/** A node whose arbiter is away, so that a claim which needs it waits; with a task. */
async function withoutArbiter(): Promise<Node> {
  const [there, here] = [home(), home()];
  const first = await start(there);
  await first.replica.messages.post('general', { text: 'here' });
  const { ticket } = await first.replica.invites.create();
  const { file } = await joinByTicket({ directory: here.directory, config: here.config, ticket });
  const node = await start(here, { as: 'zoe', workspace: file });
  await first.close();
  await node.replica.tasks.create({ title: 'One' });
  return node;
}

async function told(replica: Replica, type: string): Promise<void> {
  for await (const _ of replica.events({ since: '0', types: type })) return;
}

async function cancelsWhileItWaits(zoe: Agent, node: Node): Promise<void> {
  const stop = new AbortController();
  const claim = zoe.call(
    'claim',
    { id: 'zoe-1', need: 'granted', timeout: 600_000 },
    { signal: stop.signal },
  );
  claim.catch(() => undefined);
  await told(node.replica, 'claim.request');
  stop.abort();
  await expect(claim).rejects.toThrow();
  await told(node.replica, 'claim.withdraw');
  expect(await node.replica.tasks.get('zoe-1')).toMatchObject({ claim: null, status: 'todo', ready: true });
  expect((await zoe.does('task', { action: 'ready' })).text).toContain('zoe-1');
}

describe('a claim that the client cancels while it waits', () => {
  it('CLM-12: leaves nothing behind, over HTTP with a session', async () => {
    const node = await withoutArbiter();
    await cancelsWhileItWaits(await onHttp(node, 'zoe'), node);
  });

  it('CLM-12: leaves nothing behind, over HTTP without sessions', async () => {
    const node = await withoutArbiter();
    await cancelsWhileItWaits(await onHttp(node, 'zoe', { versionNegotiation: { mode: 'auto' } }), node);
  });

  it('CLM-12: leaves nothing behind, on stdin and through a node', async () => {
    const node = await withoutArbiter();
    const zoe = await onStdio({ path: node.directory }, ['--as', 'zoe', '--data', node.directory]);
    await cancelsWhileItWaits(zoe, node);
  });
});
