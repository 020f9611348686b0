import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openLog } from '../../../relay/node/log.ts';
import { type Node, startNode } from '../../../relay/node/node.ts';
import { type SealedRelay, startSealedRelay } from '../../../relay/sealed/relay.ts';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import { joinByTicket } from '../../../src/replica/workspace/joining.ts';
import { findMachineWorkspace } from '../../../src/replica/workspace/machine.ts';
import { allOf } from '../../replica/support/open.ts';
import { scratch } from '../../support/scratch.ts';
import { opened } from '../../support/tickets.ts';

/** A user on a machine of its own. */
interface Machine {
  readonly directory: string;
  readonly config: string;
  readonly state: string;
  readonly as: string;
}

const machine = (as: string): Machine => {
  const root = scratch();
  return { directory: join(root, 'data'), config: join(root, 'config'), state: join(root, 'state'), as };
};

async function up({ directory, config, state, as }: Machine, workspace?: string): Promise<Node> {
  const node = await startNode({
    ...{ directory, config, state, as, workspace, port: 0, durability: 'os', embeddings: false },
    log: openLog('silent'),
  });
  onTestFinished(() => node.close());
  return node;
}

async function relayIn(directory: string): Promise<SealedRelay> {
  const relay = await startSealedRelay({ directory, port: 0, durability: 'os', log: openLog('silent') });
  onTestFinished(() => relay.close());
  return relay;
}

/** Resolves once this is so, looked at after each change of the replica, and now and then. */
async function once(node: Node, is: () => Promise<boolean>): Promise<void> {
  const source = syncSourceOf(node.replica);
  let wake = (): void => undefined;
  const stop = source.onUpdate(() => wake());
  try {
    while (!(await is()))
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 100);
      });
  } finally {
    stop();
  }
}

const linked = (node: Node): Promise<void> =>
  once(node, async () => {
    const { items } = await node.replica.remotes.list();
    return items.length > 0 && items.every(({ state, lag }) => state === 'linked' && lag === 0);
  });

const shows = (node: Node, text: string): Promise<void> =>
  once(node, async () =>
    (await allOf((page) => node.replica.messages.list('general', page))).some((one) => one.text === text),
  );

/** Joins and opens, as `coterie join` and `coterie up` do. */
async function comesIn(at: Machine, ticket: string): Promise<Node> {
  const { file } = await joinByTicket({ directory: at.directory, config: at.config, ticket });
  return up(at, file);
}

const code = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: { code: string }) => error.code,
  );

it('MCH-24 MCH-25: a machine joins through a sealed relay alone, while who invited it is away; both work apart and meet', async () => {
  const place = join(scratch(), 'relay');
  const relay = await relayIn(place);
  const [there, here] = [machine('ana'), machine('bo')];
  let ana = await up(there);
  await ana.replica.messages.post('general', { text: 'canary-one' });
  await ana.replica.remotes.add({ url: relay.url, code: relay.code });
  await linked(ana);
  const invitation = await ana.replica.invites.create({ role: 'member', uses: 1 });
  expect(invitation.relay).toBe('sealed');
  expect(invitation.ticket.startsWith(`${relay.url}/join#`)).toBe(true);
  expect((await opened(invitation.ticket)).by).toBe('ana');
  await linked(ana);
  await ana.close();

  const bo = await comesIn(here, invitation.ticket);
  expect(bo.replica.workspace.id).toBe(ana.replica.workspace.id);
  await shows(bo, 'canary-one');
  await bo.replica.messages.post('general', { text: 'canary-two' });
  await linked(bo);
  expect(await code(joinByTicket({ ...machine('eve'), ticket: invitation.ticket }))).toBe('ticket_used');

  ana = await up(there);
  await shows(ana, 'canary-two');
  expect((await ana.replica.members.get('bo')).role).toBe('member');
  await ana.replica.messages.post('general', { text: 'canary-three' });
  await shows(bo, 'canary-three');
  const replicas = (await ana.replica.replicas.list()).items;
  expect(replicas.map(({ name, by, invite }) => [name, by?.handle, invite])).toEqual([
    ['ana', undefined, null],
    ['bo', 'ana', invitation.invite],
  ]);
  await relay.close();
  const canaries = readdirSync(place, { recursive: true })
    .map((name) => join(place, String(name)))
    .filter((path) => statSync(path).isFile() && /canary|general/.test(readFileSync(path, 'latin1')));
  expect(canaries).toEqual([]);
}, 60_000);

it('MCH-26: a ticket of a sealed relay that expired, was revoked, or is shown to another relay says so; none comes from who may not invite', async () => {
  const [relay, other] = [await relayIn(join(scratch(), 'a')), await relayIn(join(scratch(), 'b'))];
  const ana = await up(machine('ana'));
  await ana.replica.messages.post('general', { text: 'hello' });
  const nowhere = ana.replica.invites.create({ at: relay.url });
  await expect(nowhere).rejects.toMatchObject({ code: 'not_found' });
  expect((await ana.replica.invites.create()).relay).toBe('readable');
  await ana.replica.remotes.add({ url: relay.url, code: relay.code });
  await linked(ana);
  expect((await ana.replica.invites.create({ at: 'node' })).relay).toBe('readable');
  const revoked = await ana.replica.invites.create({ uses: 5 });
  const good = await ana.replica.invites.create({ uses: 5 }, { key: 'k' });
  expect(await ana.replica.invites.create({ uses: 5 }, { key: 'k' })).toEqual(good);
  await ana.replica.invites.revoke(revoked.invite);
  const far = new Date(Date.now() + 400 * 24 * 3_600_000).toISOString();
  const invites = await allOf((page) => ana.replica.invites.list(page));
  await expect(ana.replica.invites.create({ expires: far })).rejects.toMatchObject({ code: 'invalid' });
  expect(await allOf((page) => ana.replica.invites.list(page))).toEqual(invites);
  const join_ = (ticket: string) => code(joinByTicket({ ...machine('eve'), ticket }));
  expect(await join_(revoked.ticket)).toBe('ticket_expired');
  expect(await join_(good.ticket.replace(relay.url, other.url))).toBe('ticket_elsewhere');
  const { port } = relay;
  await relay.close();
  expect(await join_(good.ticket)).toBe('unreachable');
  await expect(ana.replica.invites.create({ at: relay.url })).rejects.toMatchObject({ code: 'unreachable' });
  // A relay that was emptied but for its key does not have the ticket.
  const emptied = await startSealedRelay({
    ...{ directory: join(scratch(), 'c'), port, durability: 'os', log: openLog('silent') },
  });
  onTestFinished(() => emptied.close());
  expect(await join_(good.ticket)).toBe('ticket_elsewhere');
}, 60_000);

it('MCH-24: who revokes on another replica than the one that invited ends the ticket at the relay too', async () => {
  const relay = await relayIn(join(scratch(), 'relay'));
  const ana = await up(machine('ana'));
  await ana.replica.remotes.add({ url: relay.url, code: relay.code });
  await linked(ana);
  const given = await ana.replica.invites.create({ uses: 5 });
  const bo = await comesIn(machine('bo'), (await ana.replica.invites.create({ role: 'admin' })).ticket);
  await bo.replica.messages.post('general', { text: 'here' });
  await shows(ana, 'here');
  await ana.replica.members.grant('bo', { role: 'admin' });
  // The relay knows bo's replica as an admin's once a list says so.
  await once(bo, async () => (await code(bo.replica.invites.create({ at: relay.url }))) === 'done');
  await ana.close();
  await bo.replica.invites.revoke(given.invite);
  expect(await code(joinByTicket({ ...machine('eve'), ticket: given.ticket }))).toBe('ticket_expired');
}, 60_000);

it('MCH-12: a later ticket brings the keys that began since to the one that is kept', async () => {
  const relay = await relayIn(join(scratch(), 'relay'));
  const ana = await up(machine('ana'));
  await ana.replica.remotes.add({ url: relay.url, code: relay.code });
  await linked(ana);
  const ticket = async () => (await ana.replica.invites.create()).ticket;
  const eve = await comesIn(machine('eve'), await ticket());
  await eve.replica.messages.post('general', { text: 'here' });
  await shows(ana, 'here');
  // Kept, and cut off before its first opening.
  const at = machine('bo');
  const early = await ticket();
  await joinByTicket({ ...at, ticket: early });
  const keptEpochs = async () =>
    (await findMachineWorkspace(at.config, ana.replica.workspace.id))?.joined?.sealed?.epochs.length;
  expect(await keptEpochs()).toBe(1);
  await ana.replica.replicas.revoke(eve.replica.id);
  const late = async () => opened(await ticket());
  await once(ana, async () => (await late()).sealed?.epochs.length === 2);
  await joinByTicket({ ...at, ticket: await ticket() });
  expect(await keptEpochs()).toBe(2);
  const { invite } = await opened(early);
  const kept = await findMachineWorkspace(at.config, ana.replica.workspace.id);
  expect(kept?.joined?.invite).toBe(invite);
  expect((await joinByTicket({ ...at, ticket: early })).fresh).toBe(true);
  expect(await keptEpochs()).toBe(2);
}, 60_000);
