import { join } from 'node:path';
import { expect, it } from 'vitest';
import { healthy, home, open } from './support/open.ts';
import { meet } from './sync/support.ts';
import { couple } from './sync/team.ts';

it('MCH-18: an admin grants roles, an owner that of an owner, and who may not is told whom to ask', async () => {
  const [ana, bo] = await couple();
  await ana.replica.messages.post('general', { text: 'the first is the owner' });
  await meet(ana, bo);
  const ben = ana.replica.as('ben');
  const cai = ana.replica.as('cai');
  await ben.messages.post('general', { text: 'b' });
  await cai.messages.post('general', { text: 'c' });
  await expect(ben.members.grant('cai', { role: 'admin' })).rejects.toMatchObject({
    code: 'forbidden',
    message: 'Only an admin grants the role admin; ben is a member.',
    hint: 'Ask, or speak as, one who is: ana',
  });
  expect(await ana.replica.members.grant('@ben', { role: 'admin' }, { key: 'k' })).toMatchObject({
    handle: 'ben',
    role: 'admin',
  });
  // A repeat is one, and not a grant of what he has.
  expect((await ana.replica.members.grant('ben', { role: 'admin' }, { key: 'k' })).role).toBe('admin');
  await expect(ana.replica.members.grant('ben', { role: 'admin' })).rejects.toMatchObject({
    code: 'invalid',
    message: 'ben has the role admin already.',
  });
  await expect(ana.replica.members.grant('nobody', { role: 'member' })).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(ben.members.grant('cai', { role: 'owner' })).rejects.toMatchObject({ code: 'forbidden' });
  expect((await ben.members.grant('cai', { role: 'admin' })).role).toBe('admin');
  await meet(ana, bo);
  expect((await bo.replica.members.get('cai')).role).toBe('admin');
  for (const one of [ana, bo]) await healthy(one.replica);
});

it('MCH-19: who made the workspace owns it, whoever writes first, and on whichever replica of the machine', async () => {
  const at = home();
  const first = await open(at, { as: 'kai' });
  const agent = first.as('agent1');
  await agent.messages.post('general', { text: 'before kai' });
  await expect(agent.arbiter.move({ to: first.id })).rejects.toMatchObject({
    code: 'forbidden',
    hint: 'Ask, or speak as, one who is: kai',
  });
  // Another replica of this user that has met nobody yet.
  const second = await open({ ...at, directory: join(at.root, 'second') }, { as: 'agent2' });
  await second.messages.post('general', { text: 'apart' });
  await second.as('kai').messages.post('general', { text: 'kai, apart' });
  await first.messages.post('general', { text: 'kai' });
  for (const replica of [first, second]) expect((await replica.members.get('kai')).role).toBe('owner');
  expect((await first.members.get('agent1')).role).toBe('member');
  expect((await second.members.get('agent2')).role).toBe('member');
});

it('MCH-18: a lower role leaves what is here, cuts what was made apart, and is not for the last owner', async () => {
  const [ana, bo] = await couple();
  await ana.replica.messages.post('general', { text: 'the first is the owner' });
  await meet(ana, bo);
  const ben = bo.replica.as('ben');
  const before = await ben.messages.post('general', { text: 'before' });
  await meet(ana, bo);
  const apart = await ben.messages.post('general', { text: 'apart' });
  await expect(ben.members.grant('ana', { role: 'reader' })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(ana.replica.members.grant('ana', { role: 'admin' })).rejects.toMatchObject({
    code: 'invalid',
    message: 'A workspace keeps an owner, and this is the last one.',
  });
  expect((await ana.replica.members.grant('ben', { role: 'reader' })).role).toBe('reader');
  await meet(ana, bo);
  for (const { replica } of [ana, bo]) {
    expect((await replica.members.get('ben')).role).toBe('reader');
    const texts = (await replica.messages.list('general')).items.map(({ id }) => id);
    expect(texts).toContain(before.id);
    expect(texts).not.toContain(apart.id);
  }
  await expect(ben.messages.post('general', { text: 'after' })).rejects.toMatchObject({ code: 'forbidden' });
  // What others of the same replica wrote meanwhile stands.
  await ana.replica.members.grant('ben', { role: 'member' });
  await meet(ana, bo);
  expect((await ben.messages.post('general', { text: 'again' })).text).toBe('again');
  for (const one of [ana, bo]) await healthy(one.replica);
});
