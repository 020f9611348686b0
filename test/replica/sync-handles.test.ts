import { expect, it, onTestFinished } from 'vitest';
import type { Replica } from '../../src/replica/surface.ts';
import { syncSourceOf } from '../../src/replica/sync/index.ts';
import { joinByTicket } from '../../src/replica/workspace/joining.ts';
import { start } from '../relay/node/start.ts';
import { type Home, home, open, refused } from './support/open.ts';
import { equal, meet, type Peer } from './sync/support.ts';

const peerOf = (name: string, at: Home, replica: Replica): Peer => ({
  name,
  at,
  replica,
  source: syncSourceOf(replica),
  updates: [],
  reopen: async () => undefined,
});

/** Replicas of two machines of one workspace, which meet only when they are told to. */
async function twoMachines(): Promise<readonly [Peer, Peer]> {
  const [there, here] = [home(), home()];
  const node = await start(there);
  await node.replica.messages.post('general', { text: 'hello' });
  const { ticket } = await node.replica.invites.create({ role: 'member' });
  const { file } = await joinByTicket({ directory: here.directory, config: here.config, ticket });
  const replica = await open(here, { as: 'bo', workspace: file });
  onTestFinished(() => replica.close());
  return [peerOf('node', there, node.replica), peerOf('bo', here, replica)];
}

const warned = async ({ replica }: Peer): Promise<string[]> =>
  (await replica.status()).warnings.flatMap(({ what, message }) => (what === 'handles' ? [message] : []));

const kinds = async (replica: Pick<Replica, 'inbox'>): Promise<string[]> =>
  (await replica.inbox()).items.map(({ kind }) => kind);

it('ACS-8: one handle made on two machines apart is two members, which are told and stay addressable', async () => {
  const [node, bo] = await twoMachines();
  const [here, there] = [node.replica.as('zoe'), bo.replica.as('zoe')];
  await here.messages.post('general', { text: 'zoe of the node' });
  await there.messages.post('general', { text: 'zoe of bo' });
  expect(here.member.id).not.toBe(there.member.id);
  expect([await warned(node), await warned(bo)]).toEqual([[], []]);
  await meet(node, bo);

  for (const peer of [node, bo]) {
    const forms = (await refused(peer.replica.members.get('zoe'), 'ambiguous')).legal ?? [];
    expect(forms.every((form) => /^zoe~[a-z2-7]{4,}$/.test(form))).toBe(true);
    const found = await Promise.all(forms.map((form) => peer.replica.members.get(form)));
    expect(found.map(({ id }) => id).sort()).toEqual([here.member.id, there.member.id].sort());
    expect(await warned(peer)).toEqual([expect.stringContaining(forms[0] ?? '')]);
  }
  // Both are told, each goes on as itself, and each is called alone by the longer form.
  expect([await kinds(here), await kinds(there)]).toEqual([['duplicate'], ['duplicate']]);
  const mine = `zoe~${there.member.id.slice(0, 6)}`;
  const asked = await node.replica.messages.post('general', { text: `ask @${mine} about it` });
  expect(asked.mentions?.map(({ id }) => id)).toEqual([there.member.id]);
  const called = await node.replica.messages.post('general', { text: 'hey @zoe' });
  expect(called.mentions?.map(({ id }) => id).sort()).toEqual([here.member.id, there.member.id].sort());
  const task = await node.replica.tasks.create({ title: 't', assignee: mine });
  expect(task.assignee?.id).toBe(there.member.id);
  await refused(node.replica.tasks.create({ title: 't', assignee: 'zoe' }), 'ambiguous');
  await meet(node, bo);
  expect((await here.messages.post('general', { text: 'still me' })).author.id).toBe(here.member.id);
  expect((await there.messages.post('general', { text: 'so am I' })).author.id).toBe(there.member.id);

  // One takes another handle: then there is nothing to tell.
  await there.members.update({ handle: 'zoe-of-bo' });
  await meet(node, bo);
  for (const peer of [node, bo]) {
    expect(await warned(peer)).toEqual([]);
    expect((await peer.replica.members.get('zoe')).id).toBe(here.member.id);
    expect((await peer.replica.members.get('zoe-of-bo')).id).toBe(there.member.id);
  }
  await equal(node, bo);
});

it('ACS-8: a rename that collides with another apart makes nobody the other', async () => {
  const [node, bo] = await twoMachines();
  const [ana, ben] = [node.replica.as('ana'), bo.replica.as('ben')];
  await ana.messages.post('general', { text: 'ana' });
  await ben.messages.post('general', { text: 'ben' });
  await meet(node, bo);
  await ana.members.update({ handle: 'max' });
  const before = await ben.messages.post('general', { text: 'to @ana, as she was called' });
  await ben.members.update({ handle: 'max' });
  await meet(node, bo);
  expect(before.mentions?.map(({ id }) => id)).toEqual([ana.member.id]);
  expect([await kinds(ana), await kinds(ben)]).toEqual([
    expect.arrayContaining(['duplicate']),
    expect.arrayContaining(['duplicate']),
  ]);
  for (const peer of [node, bo]) {
    await refused(peer.replica.members.get('max'), 'ambiguous');
    for (const { id } of [ana.member, ben.member]) {
      const called = `max~${id.slice(0, 8)}`;
      expect((await peer.replica.members.get(called)).id).toBe(id);
    }
    expect(await warned(peer)).toHaveLength(1);
  }
  // What a form names that nobody bears, or too few letters, is nobody.
  await refused(node.replica.members.get('max~aaaaaaaa'), 'not_found');
  await equal(node, bo);
});
