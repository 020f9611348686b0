import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import type { AdmissionRequest } from '../../../schemas/index.ts';
import { generateSeed, signerFromSeed } from '../../../src/keys/node.ts';
import { openReplica } from '../../../src/replica/open.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import { restoreBackup } from '../../../src/replica/upkeep/restore.ts';
import { joinByTicket } from '../../../src/replica/workspace/joining.ts';
import { type Home, home, open, refused } from '../../replica/support/open.ts';
import { asTexts, hand, type Made } from '../../replica/sync/hand.ts';
import { equal, meet, peer, pull, session } from '../../replica/sync/support.ts';
import { changed, opened } from '../../support/tickets.ts';
import { ask } from '../http/support.ts';
import { request } from './request.ts';
import { start } from './start.ts';

/** Joins and opens, as `coterie join` does. */
async function joined(at: Home, ticket: string, as = 'zoe'): Promise<Replica> {
  const { file } = await joinByTicket({ directory: at.directory, config: at.config, ticket });
  return open(at, { as, workspace: file });
}

const prepare = (at: Home, ticket: string) =>
  joinByTicket({ directory: at.directory, config: at.config, ticket });

/** Resolves when a condition holds; looks each few ms, for at most ten seconds. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it did not come to this in a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('joining by a ticket', () => {
  it('MCH-8: the joiner is a replica of the workspace, with the members log, and makes members of its own', async () => {
    const [there, here] = [home(), home()];
    const node = await start(there);
    await node.replica.messages.post('general', { text: 'hello' });
    const invitation = await node.replica.invites.create({ role: 'member', uses: 1 });
    expect(invitation).toMatchObject({ role: 'member', uses: 1 });
    const replica = await joined(here, invitation.ticket);
    expect(replica.workspace).toEqual(node.replica.workspace);
    expect((await replica.members.list()).items.map(({ handle, role }) => [handle, role])).toEqual([
      ['kai', 'owner'],
    ]);
    await replica.messages.post('general', { text: 'hi' });
    expect((await replica.members.get('zoe')).role).toBe('member');
    const { items } = await replica.replicas.list();
    expect(items.map(({ id, name, self, by }) => [id, name, self, by?.handle])).toEqual([
      [node.replica.id, 'kai', false, undefined],
      [replica.id, 'zoe', true, 'kai'],
    ]);
    expect(items[1]?.invite).toBe(invitation.invite);
    await refused(replica.invites.create(), 'unreachable');
  });

  it('MCH-8: it stays one over a restart, and further directories of the machine join without another use', async () => {
    const [there, here] = [home(), home()];
    const node = await start(there);
    const { ticket } = await node.replica.invites.create({});
    const first = await joined(here, ticket);
    await first.close();
    const again = await open(here, { as: 'zoe' });
    expect(again.workspace.id).toBe(node.replica.workspace.id);
    const second = await open(
      { ...here, directory: join(here.root, 'second') },
      { as: 'ada', workspace: again.workspace.name },
    );
    expect(second.workspace.id).toBe(node.replica.workspace.id);
    await second.messages.post('general', { text: 'from the second' });
    expect((await second.replicas.list()).items).toHaveLength(2);
  });

  it('MCH-8: who joins gets the members log causes first, in whatever order it came to the countersigner', async () => {
    const there = home();
    const node = await start(there);
    await node.replica.messages.post('general', { text: 'the first is the owner' });
    const source = syncSourceOf(node.replica);
    const take = (...all: Made[]) => source.take('log/members/1', asTexts(...all), session());
    const [seed, machine] = [generateSeed(), (await node.replica.replicas.list()).items[0]?.machine];
    const [eve, twin] = [hand(there.root, seed), hand(there.root, seed)];
    const [admission, other] = [await eve.admission(), await twin.admission()];
    const member = await eve.make({
      log: 'members',
      type: 'member.create',
      after: [admission.hash],
      data: { handle: 'eve', kind: 'agent', machine },
    });
    // As it comes to a relay that lost its data: by whatever link is there first.
    await take(member);
    await take(admission);
    const { ticket } = await node.replica.invites.create({ uses: 2 });
    const first = await joined(home(), ticket);
    expect((await first.members.get('eve')).id).toBe(eve.member('eve'));
    // Two chains of one key, and what no honest replica writes, keep nobody out either.
    await take(other);
    await take(await eve.make({ log: 'members', type: 'member.create', data: { handle: 7 } }));
    const second = await joined(home(), ticket, 'ada');
    expect((await second.members.get('eve')).id).toBe(eve.member('eve'));
  });

  it('REP-35: a segment that nobody believes, in the log that a joiner is given, is kept and not written to', async () => {
    const there = home();
    const node = await start(there);
    await node.replica.messages.post('general', { text: 'the first' });
    const eve = hand(there.root);
    const source = syncSourceOf(node.replica);
    await source.take('log/members/1', asTexts(await eve.admission()), session());
    const junk = await eve.make({ log: 'members', type: 'nothing.known' });
    await source.take('log/members/9999999', asTexts(junk), session());
    const near = await eve.make({ log: 'members', type: 'nothing.known' });
    await source.take('log/members/9', asTexts(near), session());
    const { ticket } = await node.replica.invites.create({});
    const replica = await joined(home(), ticket);
    const here = syncSourceOf(replica);
    expect((await here.segments('members')).map(({ n }) => n)).toEqual([1, 9, 9999999]);
    expect(here.isHot('log/members/9')).toBe(true);
    expect((await here.digest('log/members/9999999')).entries).toBe(1);
  });

  it('MCH-9: uses are counted by machine, durably, and a repeat by the same machine is none', async () => {
    const there = home();
    let node = await start(there);
    const { ticket } = await node.replica.invites.create({ uses: 2 });
    const [one, two, three] = [home(), home(), home()];
    await prepare(one, ticket);
    await prepare(one, ticket);
    await node.close();
    node = await start(there, { port: node.port });
    await joined(two, ticket);
    const { message, exit } = await refused(prepare(three, ticket), 'ticket_used');
    expect(message).toMatch(/2 times/);
    expect(exit).toBe(5);
    // Nothing is left that would make the next opening join.
    expect(readdirSync(join(three.root, 'config'))).toEqual(['node.key']);
    await joined(one, ticket);
  });

  it('MCH-9: of many at once as many come in as it has uses', async () => {
    const node = await start(home());
    const { ticket } = await node.replica.invites.create({ uses: 3 });
    const ends = await Promise.allSettled(Array.from({ length: 8 }, () => prepare(home(), ticket)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    for (const end of ends)
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'ticket_used' });
  });

  it('MCH-9: a ticket that expired or was revoked admits nobody new', async () => {
    const now = { value: Date.now() };
    const there = home();
    const node = await start(there, {
      open: (options) => openReplica(options, { now: () => now.value }),
    });
    const ends = new Date(now.value + 60_000).toISOString();
    const late = await node.replica.invites.create({ expires: ends, uses: 5 });
    const [before, after] = [home(), home()];
    await prepare(before, late.ticket);
    now.value += 61_000;
    const { exit, message, hint } = await refused(prepare(after, late.ticket), 'ticket_expired');
    expect([exit, message]).toEqual([5, `The ticket ended at ${ends}.`]);
    expect(hint).toMatch(/coterie invite/);
    // Who was countersigned in time comes in.
    await joined(before, late.ticket);
    await refused(node.replica.invites.create({ expires: ends }), 'invalid');
  });

  it('MCH-9: what is restored from a backup admits nobody by a ticket of before, whatever was used since', async () => {
    const there = home();
    const node = await start(there);
    const { ticket } = await node.replica.invites.create({}, { key: 'k' });
    const backup = join(there.root, 'backup');
    await node.replica.backup({ directory: backup });
    const first = home();
    const replica = await joined(first, ticket);
    await replica.messages.post('general', { text: 'in' });
    await replica.close();
    await node.close();
    const directory = join(there.root, 'restored');
    await restoreBackup({ backup, directory });
    const again = await start({ ...there, directory }, { port: node.port });
    await start(first, { as: 'zoe' });
    // It writes again once it has met a peer.
    await until('the restored replica writes', () =>
      again.replica.messages.post('general', { text: 'back' }).then(
        () => true,
        () => false,
      ),
    );
    await refused(prepare(home(), ticket), 'ticket_lost');
    const { hint } = await refused(again.replica.invites.create({}, { key: 'k' }), 'ticket_elsewhere');
    expect(hint).toMatch(/Invite again/);
    await prepare(home(), (await again.replica.invites.create({}, { key: 'l' })).ticket);
  });

  it('MCH-8: only an admin invites, and only an owner makes an owner', async () => {
    const node = await start(home());
    await node.replica.messages.post('general', { text: 'the first is the owner' });
    const bob = node.replica.as('bob');
    await bob.messages.post('general', { text: 'a member' });
    await refused(bob.invites.create(), 'forbidden');
    const { ticket } = await node.replica.invites.create({ role: 'owner' });
    const replica = await joined(home(), ticket);
    await replica.messages.post('general', { text: 'hi' });
    expect((await replica.members.get('zoe')).role).toBe('member');
  });

  it('MCH-8: a repeat of an invitation under its key is the same ticket', async () => {
    const node = await start(home());
    const first = await node.replica.invites.create({ uses: 2 }, { key: 'k' });
    expect(await node.replica.invites.create({ uses: 2 }, { key: 'k' })).toEqual(first);
    await refused(node.replica.invites.create({ uses: 3 }, { key: 'k' }), 'key_reused');
  });

  it('MCH-10: who answers must be the relay of the ticket', async () => {
    const [node, other] = [await start(home()), await start(home())];
    const invitation = await node.replica.invites.create({ uses: 2 });
    const { code, exit } = await refused(
      prepare(home(), await changed(invitation.ticket, { addresses: [other.url] })),
      'ticket_elsewhere',
    );
    expect([code, exit]).toEqual(['ticket_elsewhere', 3]);
    // The right node behind a wrong pin is not trusted either.
    const pinned = await changed(invitation.ticket, { key: signerFromSeed(generateSeed()).publicKey });
    await refused(prepare(home(), pinned), 'ticket_elsewhere');
    // The next address may be right.
    const both = await changed(invitation.ticket, { addresses: ['http://127.0.0.1:1', other.url, node.url] });
    await joined(home(), both);
  });

  it('MCH-10: a relay that has vanished is unreachable, and nothing is left behind', async () => {
    const node = await start(home());
    const { ticket } = await node.replica.invites.create();
    await node.close();
    const at = home();
    const { exit, hint } = await refused(prepare(at, ticket), 'unreachable');
    expect(exit).toBe(6);
    expect(hint).toMatch(/node is up/);
    expect(existsSync(at.config)).toBe(false);
    // The directory is as good as new.
    const replica = await open(at);
    expect(replica.workspace.id).not.toBe(node.replica.workspace.id);
  });

  it('MCH-11: the countersigner refuses what the seed did not sign, other workspaces, and newer protocols alone', async () => {
    const node = await start(home());
    const { ticket: text, invite } = await node.replica.invites.create({ uses: 1 });
    const ticket = await opened(text);
    const send = async (more: Partial<AdmissionRequest>, to = invite) => {
      const answer = await ask(`${node.url}/v1/invites/${to}/admissions`, {
        method: 'POST',
        json: await request(ticket, more),
      });
      const { error } = answer.body as { error?: { code: string; hint: string } };
      if (error) expect(error.hint, error.code).toMatch(/^(?:Copy|Ask|Install) /);
      return [answer.status, error?.code];
    };
    const stranger = signerFromSeed(generateSeed());
    const sig = await stranger.sign(new Uint8Array(3));
    expect(await send({ proof: sig })).toEqual([400, 'ticket_invalid']);
    expect(await send({ vouched: sig })).toEqual([400, 'ticket_invalid']);
    expect(await send({ seed: stranger.publicKey })).toEqual([400, 'ticket_invalid']);
    expect(await send({ key: stranger.publicKey })).toEqual([400, 'ticket_invalid']);
    expect(await send({ workspace: invite })).toEqual([404, 'ticket_elsewhere']);
    expect(await send({}, ticket.workspace)).toEqual([404, 'ticket_elsewhere']);
    expect(await send({ versions: [7, 8] })).toEqual([426, 'protocol_newer']);
    // None of these was a use.
    expect(await send({ versions: [7, 1] })).toEqual([200, undefined]);
    expect(await send({})).toEqual([403, 'ticket_used']);
  });

  it('MCH-12: a directory that holds something is refused; one with nothing but a member gives way', async () => {
    const node = await start(home());
    const { ticket } = await node.replica.invites.create({ uses: 5 });
    const full = home();
    const before = await open(full);
    await before.messages.post('general', { text: 'mine' });
    await refused(prepare(full, ticket), 'directory_locked');
    await before.close();
    const { hint } = await refused(prepare(full, ticket), 'directory_not_empty');
    expect(hint).toMatch(/--data DIR/);
    expect((await (await open(full)).messages.list('general')).items).toHaveLength(1);

    const light = home();
    const own = await open(light, { as: 'zoe' });
    await own.members.update({ name: 'Zoë' });
    const { id } = own;
    const old = own.workspace.id;
    await own.close();
    const replica = await joined(light, ticket);
    expect([replica.workspace.id, replica.id]).toEqual([node.replica.workspace.id, id]);
    await replica.messages.post('general', { text: 'hi' });
    expect((await replica.doctor()).ok).toBe(true);
    // The secret of the workspace that was given up is kept, beside.
    const names = readdirSync(join(light.config, 'workspaces'));
    expect(names.sort()).toEqual([`default-${old.slice(0, 8)}.json`, 'default.json']);
    for (const name of names) {
      const path = join(light.config, 'workspaces', name);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const { joined: by } = JSON.parse(readFileSync(path, 'utf8')) as { joined?: object };
      expect(by !== undefined).toBe(name === 'default.json');
    }
    // Joining again changes nothing.
    await replica.close();
    expect(await prepare(light, ticket)).toMatchObject({ fresh: false });
  });

  it('MCH-12: beside a workspace in use, the one that is joined gets a name of its own', async () => {
    const node = await start(home());
    const { ticket } = await node.replica.invites.create();
    const here = home();
    await (await open(here)).close();
    const other = { ...here, directory: join(here.root, 'other') };
    const { file } = await joinByTicket({ directory: other.directory, config: here.config, ticket });
    expect(file).toBe(`default-${node.replica.workspace.id.slice(0, 8)}`);
    expect((await open(other, { workspace: file })).workspace.id).toBe(node.replica.workspace.id);
    expect((await open(here)).workspace.id).not.toBe(node.replica.workspace.id);
  });
});

describe('invites that are taken back', () => {
  it('MCH-16: the ticket of a revoked invite admits nobody, and says why; who came in stays', async () => {
    const [there, here] = [home(), home()];
    const node = await start(there);
    const { ticket, invite } = await node.replica.invites.create({ uses: 5 });
    const { file } = await prepare(here, ticket);
    const joined = await start(here, { as: 'zoe', workspace: file });
    const texts = async (of: Node) =>
      (await of.replica.messages.list('general')).items.map(({ text }) => text);
    await joined.replica.messages.post('general', { text: 'before' });
    await until('it arrived', async () => (await texts(node)).length === 1);
    // Countersigned, and not admitted yet when the invite is revoked.
    const late = home();
    await prepare(late, ticket);
    expect((await node.replica.invites.list()).items).toEqual([
      expect.objectContaining({ id: invite, used: 2, uses: 5, replicas: [joined.replica.id], revoked: null }),
    ]);
    const revoked = await node.replica.invites.revoke(invite);
    expect(revoked).toMatchObject({ id: invite, revoked: { by: { handle: 'kai' } } });

    for (const at of [home(), here]) {
      const asked = { ...at, directory: join(at.root, 'other') };
      const { message, exit } = await refused(prepare(asked, ticket), 'ticket_expired');
      expect([message, exit]).toEqual(['The ticket was revoked.', 5]);
    }
    await refused(start(late, { as: 'eve' }), 'ticket_expired');

    await joined.replica.messages.post('general', { text: 'after' });
    await until('it still counts', async () => (await texts(node)).length === 2);
    expect((await texts(node)).sort()).toEqual(['after', 'before']);
    await until('it knows', async () => (await joined.replica.invites.list()).items[0]?.revoked !== null);
    expect((await joined.replica.members.get('zoe')).role).toBe('member');
    // Another replica does not count uses.
    expect((await joined.replica.invites.list()).items[0]?.used).toBeNull();
    for (const { replica } of [node, joined]) expect((await replica.doctor()).ok).toBe(true);
  });

  it('MCH-16: an admin revokes an invite, or who made it; nobody else does', async () => {
    const node = await start(home());
    const { invite } = await node.replica.invites.create();
    const bob = node.replica.as('bob');
    await bob.messages.post('general', { text: 'a member' });
    await refused(bob.invites.revoke(invite), 'forbidden');
    await refused(bob.invites.revoke('a'.repeat(26)), 'not_found');
    const first = await node.replica.invites.revoke(invite, { key: 'k' });
    expect(await node.replica.invites.revoke(invite, { key: 'k' })).toEqual(first);
  });
});

describe('replicas', () => {
  /** A directory that came in by a ticket and its copy, which have met each other's branch, and which of them is to go. */
  async function twins(at: Home, ticket: string) {
    const first = await joined(at, ticket);
    await first.messages.post('general', { text: 'first' });
    await first.close();
    for (const name of ['one', 'two']) cpSync(at.directory, join(at.root, name), { recursive: true });
    const [one, two] = [await peer('one', at.root), await peer('two', at.root)];
    const posts: string[] = [];
    for (const { replica, name } of [one, two])
      posts.push((await replica.as('zoe').messages.post('general', { text: name })).id);
    const [a = '', b = ''] = posts;
    return { id: first.id, first: a > b ? one : two, other: a > b ? two : one };
  }

  it('REP-29: a copied directory that came in by a ticket has its countersigner admit a fresh key', async () => {
    const [there, here] = [home(), home()];
    const node = await start(there);
    const { ticket } = await node.replica.invites.create();
    const { id, first, other } = await twins(here, ticket);
    const before = await first.replica.members.get('zoe');
    await pull(other, first);
    expect(first.replica.id).not.toBe(id);
    await first.replica.as('zoe').messages.post('general', { text: 'the same member' });
    expect(await first.replica.members.get(before.id)).toMatchObject({ id: before.id, handle: 'zoe' });
    await meet(first, other);
    expect(other.replica.id).toBe(id);
    await equal(first, other);
  });

  it('REP-29: while the countersigner is out of reach it says so, and tries again', async () => {
    const [there, here] = [home(), home()];
    const node = await start(there);
    const { ticket } = await node.replica.invites.create();
    const { id, first, other } = await twins(here, ticket);
    const { port } = node;
    await node.close();
    await pull(other, first);
    expect(first.replica.id).toBe(id);
    const [warning] = (await first.replica.status()).warnings;
    expect(warning?.hint).toMatch(/tried again each minute/);
    await start(there, { port });
    await first.reopen();
    await first.source.idle();
    expect(first.replica.id).not.toBe(id);
  });

  it('REP-29: where the ticket gives no more keys another one does, in the same directory, which keeps what it holds', async () => {
    const [there, here] = [home(), home()];
    const node = await start(there);
    const { ticket, invite } = await node.replica.invites.create();
    const { id, first, other } = await twins(here, ticket);
    await node.replica.invites.revoke(invite);
    await pull(other, first);
    expect(first.replica.id).toBe(id);
    const told = [...(await first.replica.status()).warnings, ...(await first.replica.doctor()).findings];
    const hints = told.filter(({ what }) => what === 'replica key').map(({ hint }) => hint);
    expect(hints).toHaveLength(2);
    for (const hint of hints) expect(hint).toMatch(/another ticket.* same directory: coterie join TICKET/);
    const goesOn = await first.replica.as('zoe').messages.post('general', { text: 'goes on' });
    await first.reopen();
    await first.source.idle();
    expect((await first.replica.status()).warnings.map(({ what }) => what)).toContain('replica key');
    await first.replica.close();

    const { ticket: another } = await node.replica.invites.create();
    const again = { directory: first.at.directory, config: first.at.config, ticket: another };
    expect(await joinByTicket(again)).toMatchObject({ fresh: true });
    await first.reopen();
    expect(first.replica.id).not.toBe(id);
    expect((await first.replica.replicas.list()).items.find(({ self }) => self)).toMatchObject({
      revoked: null,
    });
    expect((await first.replica.messages.get(goesOn.id)).text).toBe('goes on');
    await first.replica.as('zoe').messages.post('general', { text: 'by another ticket' });
    await meet(first, other);
    await equal(first, other);
    const used = (await node.replica.invites.list()).items.map((one) => one.used);
    expect(used).toEqual([1, 1]);
    await first.replica.close();
    expect(await joinByTicket(again)).toMatchObject({ fresh: false });
  });

  it('MCH-13: a revoked replica is listed as such; what it wrote so far counts', async () => {
    const node = await start(home());
    const { ticket } = await node.replica.invites.create();
    const asked = await opened(ticket);
    await node.replica.countersign(asked.invite, await request(asked));
    const { items } = await node.replica.replicas.list();
    expect(items).toHaveLength(1);
    await refused(node.replica.replicas.revoke('nobody'), 'not_found');
    const own = await node.replica.replicas.revoke(node.replica.id, { reason: 'moved' });
    expect(own.revoked?.by.handle).toBe('kai');
  });

  it('MCH-14: an upstream of another workspace is shown as refused, and why', async () => {
    const other = await start(home());
    const node = await start(home(), { upstreams: [other.url] });
    const link = async () => (await node.replica.status()).peers[0];
    await until('it is refused', async () => (await link())?.state === 'refused');
    expect(await link()).toMatchObject({
      url: other.url,
      upstream: true,
      trouble: { code: 'conflict', message: 'another workspace is there' },
    });
  });

  it('MCH-15 REP-41: the links of a revoked replica end, it is not let in again, and its status and doctor say so', async () => {
    const [there, here] = [home(), home()];
    const node = await start(there);
    const { ticket } = await node.replica.invites.create();
    const { file } = await prepare(here, ticket);
    const joined = await start(here, { as: 'zoe', workspace: file });
    const peer = async (of: Node) => (await of.replica.status()).peers[0];
    await until('they are linked', async () => (await peer(node))?.state === 'linked');
    await joined.replica.messages.post('general', { text: 'before' });
    await until('it arrived', async () => (await node.replica.messages.list('general')).items.length === 1);
    expect((await node.replica.replicas.revoke('zoe')).revoked?.by.handle).toBe('kai');
    await until('the link ended', async () => (await peer(node))?.state === 'gone');
    await until('it is told why', async () => (await peer(joined))?.trouble?.code === 'forbidden');
    // MCH-14: it is tried again, and shown as what it is meanwhile.
    expect((await peer(joined))?.state).toBe('refused');
    await until('it knows', async () =>
      (await joined.replica.replicas.list()).items.some(({ self, revoked }) => self && revoked !== null),
    );
    expect((await node.replica.messages.list('general')).items.map(({ text }) => text)).toEqual(['before']);
    const { warnings } = await joined.replica.status();
    expect(warnings.map(({ what, message }) => [what, message])).toEqual([
      ['revoked', expect.stringMatching(/^kai revoked this replica/)],
    ]);
    // And who looks for what is wrong is not told that all is well.
    const { ok, findings } = await joined.replica.doctor();
    expect(ok).toBe(false);
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([{ state: 'warning', ...warnings[0] }]);
  });
});
