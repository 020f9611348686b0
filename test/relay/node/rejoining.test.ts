import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Replica } from '../../../src/replica/surface.ts';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import { quarantine } from '../../../src/replica/upkeep/quarantine.ts';
import { joinByTicket } from '../../../src/replica/workspace/joining.ts';
import { type Home, home, open, refused } from '../../replica/support/open.ts';
import { session } from '../../replica/sync/support.ts';
import { start } from './start.ts';

const prepare = (at: Home, ticket: string) =>
  joinByTicket({ directory: at.directory, config: at.config, ticket });

/** Everything that the one has goes to the other. */
async function fill(to: Replica, from: Replica): Promise<void> {
  const [there, here] = [syncSourceOf(from), syncSourceOf(to)];
  for (const [log] of await there.logs())
    for (const { n } of await there.segments(log)) {
      const document = `log/${log}/${n}`;
      const update = await there.diff(document, await here.stateVector(document));
      await here.receive(document, update, session());
    }
  await here.idle();
}

/** A replica that came in by a ticket, wrote, met its node, and whose journal is damaged since. */
async function damagedJoiner(at: Home, ticket: string, node: Replica): Promise<{ id: string }> {
  const { file } = await prepare(at, ticket);
  const replica = await open(at, { as: 'zoe', workspace: file });
  for (let n = 0; n < 20; n++) await replica.messages.post('general', { text: `message ${n}` });
  await fill(node, replica);
  await replica.messages.post('general', { text: 'nobody has it yet' });
  await replica.close();
  writeFileSync(join(at.directory, 'journal', 'HEAD'), 'nothing');
  return { id: replica.id };
}

const aside = (at: Home) => quarantine({ directory: at.directory, config: at.config, as: 'zoe' });

it('STO-18: a directory that came in by a ticket and was set aside comes in again by the same one, which is used no further', async () => {
  const [there, here] = [home(), home()];
  const { replica: node } = await start(there);
  const { ticket } = await node.invites.create({ uses: 1 });
  const { id } = await damagedJoiner(here, ticket, node);
  expect((await aside(here)).moved).not.toBeNull();
  const fresh = await open(here, { as: 'zoe' });
  expect(fresh.workspace).toEqual(node.workspace);
  expect(fresh.id).not.toBe(id);
  await fill(fresh, node);
  await fresh.messages.post('general', { text: 'and on' });
  await fill(node, fresh);
  expect((await fresh.messages.list('general')).items).toHaveLength(22);
  expect((await node.status()).digest).toBe((await fresh.status()).digest);
  expect((await node.members.list()).items.map(({ handle }) => handle).sort()).toEqual(['kai', 'zoe']);
  expect((await node.invites.list()).items.map(({ used }) => used)).toEqual([1]);
});

it('STO-18: where its ticket admits nobody any more it says what to do, and another one does in that same directory', async () => {
  const [there, here] = [home(), home()];
  const { replica: node } = await start(there);
  const { ticket, invite } = await node.invites.create();
  await damagedJoiner(here, ticket, node);
  await node.invites.revoke(invite);
  await aside(here);
  for (let n = 0; n < 2; n++) {
    const error = await refused(open(here, { as: 'zoe' }), 'ticket_expired');
    expect(error.hint).toMatch(/another ticket.* same directory: coterie join TICKET/);
  }
  const { ticket: another } = await node.invites.create({ uses: 1 });
  const otherwise = (await start(home())).replica.invites.create();
  await refused(prepare(here, (await otherwise).ticket), 'directory_not_empty');
  expect(await prepare(here, another)).toMatchObject({ fresh: true });
  const fresh = await open(here, { as: 'zoe' });
  await fill(fresh, node);
  expect((await fresh.messages.list('general')).items).toHaveLength(21);
  await fresh.messages.post('general', { text: 'by another ticket' });
  await fill(node, fresh);
  expect((await node.messages.list('general')).items).toHaveLength(22);
  await fresh.close();
  expect(await prepare(here, another)).toMatchObject({ fresh: false });
});

it('MCH-10: an opening that its countersigner refuses, or does not answer, can be done again in the same directory', async () => {
  const [there, here] = [home(), home()];
  const node = await start(there);
  const { ticket } = await node.replica.invites.create();
  await (await open(here, { workspace: (await prepare(here, ticket)).file, as: 'zoe' })).close();
  const later: Home = { ...here, directory: join(here.root, 'later') };
  const { port } = node;
  await node.close();
  const error = await refused(open(later, { as: 'zoe' }), 'unreachable');
  expect(error.hint).toMatch(/open this directory again/);
  const again = await start(there, { port });
  const replica = await open(later, { as: 'ada' });
  expect(replica.workspace).toEqual(again.replica.workspace);
  // Named after who opened it in the end.
  expect((await replica.replicas.list()).items.find(({ self }) => self)?.name).toBe('ada');
});

it('MCH-10: an opening that was refused chose no workspace for its directory', async () => {
  const [there, here] = [home(), home()];
  const node = await start(there);
  const { ticket } = await node.replica.invites.create();
  const { file } = await prepare({ ...here, directory: join(here.root, 'first') }, ticket);
  await node.close();
  await refused(open(here, { as: 'zoe', workspace: file }), 'unreachable');
  rmSync(join(here.config, 'workspaces', `${file}.json`));
  await refused(open(here, { as: 'zoe', workspace: file }), 'forbidden');
  const own = await open(here, { as: 'zoe', workspace: 'own' });
  expect(own.workspace.name).toBe('own');
  expect(own.workspace.id).not.toBe(node.replica.workspace.id);
  await own.messages.post('general', { text: 'here' });
  expect(readdirSync(here.directory)).toContain('replica.key');
});

it('MCH-10: a second directory comes in by a later ticket where the one that is kept admits nobody any more', async () => {
  const [there, here] = [home(), home()];
  const { replica: node } = await start(there);
  const { ticket, invite } = await node.invites.create();
  await (await open(here, { as: 'zoe', workspace: (await prepare(here, ticket)).file })).close();
  await node.invites.revoke(invite);
  const second: Home = { ...here, directory: join(here.root, 'second') };
  const { ticket: another } = await node.invites.create();
  const { file } = await prepare(second, another);
  const replica = await open(second, { as: 'zoe', workspace: file });
  expect(replica.workspace).toEqual(node.workspace);
});
