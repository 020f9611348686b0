import { expect, it } from 'vitest';
import { Doc } from 'yjs';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { joinByTicket } from '../../../src/replica/workspace/joining.ts';
import { home } from '../../replica/support/open.ts';
import { start } from '../node/start.ts';
import { connect, until } from '../rooms/support.ts';
import { comes, inStep, lag, post, startRelay, states, texts } from './support.ts';

it('HST-9: the replica of a relay can be the arbiter: who is linked with it is granted tasks while nobody else is there', async () => {
  const relay = await startRelay();
  const at = home();
  const kai = await start(at);
  await kai.replica.remotes.add({ url: relay.url, code: relay.code });
  await comes(states(kai)).toEqual(['linked']);
  const { ticket } = await kai.replica.invites.create();
  const task = await kai.replica.tasks.create({ title: 'wanted' });
  const moved = await kai.replica.arbiter.move({ to: 'relay' });
  expect(moved).toMatchObject({ name: 'relay' });
  await comes(inStep(kai)).toEqual([['equal', 0, 0]]);
  await kai.close();
  const there = home();
  const { file } = await joinByTicket({ ...there, ticket });
  const zoe = await start(there, { as: 'zoe', workspace: file });
  await comes(async () => (await zoe.replica.tasks.list()).items.map(({ id }) => id)).toEqual([task.id]);
  const claimed = await zoe.replica.tasks.claim(task.id, { need: 'granted', timeout: 25_000 });
  expect(claimed.claim).toMatchObject({ certainty: 'granted' });
}, 60_000);

it('HST-9: who was revoked is cut off at the relay, and let in no more', async () => {
  const relay = await startRelay();
  const kai = await start(home());
  await kai.replica.remotes.add({ url: relay.url, code: relay.code });
  await comes(states(kai)).toEqual(['linked']);
  const { ticket } = await kai.replica.invites.create();
  const there = home();
  const { file } = await joinByTicket({ ...there, ticket });
  const zoe = await start(there, { as: 'zoe', workspace: file });
  await post(zoe, 'before');
  await comes(texts(kai)).toEqual(['before']);
  await kai.replica.replicas.revoke(zoe.replica.id);
  await comes(states(zoe)).not.toEqual(['linked']);
  await post(kai, 'after');
  await comes(lag(kai)).toEqual([0]);
  await zoe.close();
  const again = await start(there, { as: 'zoe', workspace: file });
  await comes(async () => (await again.replica.remotes.list()).items.map(({ state }) => state)).toEqual([
    'refused',
  ]);
  expect(await texts(again)()).toEqual(['before']);
}, 60_000);

it('HST-9: plain Yjs clients meet in a document of a workspace at a relay', async () => {
  const relay = await startRelay();
  const kai = await start(home());
  await kai.replica.remotes.add({ url: relay.url, code: relay.code });
  await comes(states(kai)).toEqual(['linked']);
  const { id } = kai.replica.workspace;
  const data = `${relay.directory}/workspaces/${id}/data`;
  const url = `${relay.url.replace('http', 'ws')}/w/${id}/sync/${id}`;
  const clientOf = (handle: string) =>
    connect(url, 'pad/plan', new Doc(), { protocols: ['coterie', `token.${tokenOf(data, handle)}`] });
  const [one, two] = [clientOf('bot'), clientOf('other')];
  await Promise.all([one.synced(), two.synced()]);
  one.doc.getText('text').insert(0, 'from afar');
  await until(two, () => two.doc.getText('text').toString() === 'from afar');
  expect(two.doc.getText('text').toString()).toBe('from afar');
}, 60_000);
