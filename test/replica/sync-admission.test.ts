import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateSeed, signerFromSeed, x25519FromSeed } from '../../src/keys/node.ts';
import { countersignBytes, proveAdmission } from '../../src/op/index.ts';
import { healthy } from './support/open.ts';
import { asTexts, type Hand, hand, type Made } from './sync/hand.ts';
import { equal, meet, type Peer, peers, session } from './sync/support.ts';
import { couple, newcomer } from './sync/team.ts';

const texts = (...all: readonly Made[]): string[] => all.map(({ entry }) => JSON.stringify(entry));

const genesisOf = ({ at }: Peer): string =>
  JSON.stringify(JSON.parse(readFileSync(join(at.config, 'workspaces', 'default.json'), 'utf8')).genesis);

/** Operations that are here, and what the members log is: equal where nothing was stored. */
const holdings = async ({ replica, source }: Peer) => ({
  counts: (await replica.status()).counts,
  log: await source.digest('log/members/1'),
});

/** Large and unknown, for ever waiting: what a stranger would leave. */
const junk = (by: Hand): Promise<Made> =>
  by.make({ log: 'members', type: 'x.later', body: { text: 'x'.repeat(80_000) } });

/** The admission of `newer` by an invite, countersigned by `by`. */
async function invited(newer: Hand, seed: Uint8Array, by: Hand, invite: Made, from = invite) {
  const ticket = signerFromSeed(seed);
  const encryption = x25519FromSeed(generateSeed(randomBytes)).publicKey;
  const admitted = { workspace: newer.workspace, key: newer.publicKey, encryption };
  const proof = await proveAdmission(ticket, admitted);
  const at = Date.now();
  const sig = await by.sign(countersignBytes({ ...admitted, seed: ticket.publicKey }, invite.hash, at));
  return newer.make({
    log: 'members',
    type: 'replica.admit',
    after: [from.hash],
    data: {
      key: newer.publicKey,
      encryption,
      ...proof,
      invite: invite.hash,
      countersign: { replica: by.id, at, sig },
    },
  });
}

/** An invite that a hand makes in the name of one of its members. */
const inviteBy = (by: Hand, handle: string, seed: Uint8Array, after: readonly Made[]): Promise<Made> =>
  by.make({
    log: 'members',
    type: 'invite.create',
    member: by.member(handle),
    after: after.map(({ hash }) => hash),
    data: {
      seed: signerFromSeed(seed).publicKey,
      role: 'member',
      expires: Date.now() + 60_000,
      uses: 1,
      countersigner: by.id,
    },
  });

describe('REP-33 a peer', () => {
  it('is admitted by membership or by its credentials, and is a stranger otherwise', async () => {
    const [ana] = await peers(['ana']);
    if (!ana) throw new Error('no peer');
    const [bo] = await peers(['bo'], undefined, ana.at.root);
    if (!bo) throw new Error('no peer');
    expect(await ana.source.admit(bo.source.publicKey, [])).toBe('stranger');
    expect(await ana.source.admit(bo.source.publicKey, ['{}', 'x'])).toBe('stranger');
    const credentials = await bo.source.credentials();
    expect(credentials).toHaveLength(2);
    const [other] = await peers(['other']);
    if (!other) throw new Error('no peer');
    expect(await other.source.admit(bo.source.publicKey, credentials)).toBe('stranger');
    expect(await ana.source.admit(other.source.publicKey, credentials)).toBe('stranger');
    expect(await ana.source.admit(bo.source.publicKey, credentials)).toBe('admitted');
    expect(await ana.source.admit(bo.source.publicKey, [])).toBe('admitted');
    expect(await ana.source.admit(ana.source.publicKey, [])).toBe('self');
    expect(await ana.source.admit('no key', [])).toBe('stranger');
    await meet(ana, bo);
    await equal(ana, bo);
  });
});

describe('REP-33 of what a peer brings', () => {
  it('nothing of a stranger is stored, whatever it knows', async () => {
    const [ana] = await couple();
    await ana.replica.messages.post('general', { text: 'a' });
    const { eve, admission, member } = await newcomer(ana);
    await ana.source.take('log/members/1', asTexts(admission, member), session());
    const seed = generateSeed(randomBytes);
    // Made apart by the owner's machine, so that eve may invite.
    const invite = await inviteBy(eve, 'eve', seed, [member]);
    await ana.source.take('log/members/1', asTexts(invite), session());
    const before = await holdings(ana);
    const genesis = genesisOf(ana);
    const sly = hand(ana.at.root);
    const own = generateSeed(randomBytes);
    const forged = await inviteBy(sly, 'eve', own, [member]);
    for (const brought of [
      texts(await junk(sly), await junk(sly)),
      // An invite that it forged, and by one that is real the countersignature of nobody but itself.
      texts(forged, await invited(sly, own, sly, forged)),
      texts(invite, await invited(sly, seed, sly, invite)),
      // What others wrote and is not here yet.
      texts(await inviteBy(eve, 'eve', generateSeed(randomBytes), [invite])),
    ])
      expect(await ana.source.admit(sly.publicKey, [genesis, ...brought])).toBe('stranger');
    await ana.source.idle();
    expect(await holdings(ana)).toEqual(before);
    await ana.replica.replicas.revoke(eve.id);
    const after = await holdings(ana);
    expect(await ana.source.admit(eve.publicKey, [genesis, ...texts(admission, await junk(eve))])).toBe(
      'stranger',
    );
    expect(await ana.source.admit(sly.publicKey, [genesis, ...texts(await junk(eve))])).toBe('stranger');
    await ana.source.idle();
    expect(await holdings(ana)).toEqual(after);
    await healthy(ana.replica);
  });

  it('that what admits it is stored, and nothing else', async () => {
    const [ana] = await couple();
    const eve = hand(ana.at.root);
    const admission = await eve.admission();
    const { operations } = (await holdings(ana)).counts;
    const brought = [genesisOf(ana), ...texts(await junk(eve), admission, await junk(eve))];
    expect(await ana.source.admit(eve.publicKey, brought)).toBe('admitted');
    expect((await holdings(ana)).counts.operations).toBe(operations + 1);
    await healthy(ana.replica);
  });

  it('an invite that is not here is, with the admission by it, if both would count', async () => {
    const [ana] = await couple();
    const { eve, admission, member } = await newcomer(ana);
    await ana.source.take('log/members/1', asTexts(admission, member), session());
    const seed = generateSeed(randomBytes);
    const invite = await inviteBy(eve, 'eve', seed, [member]);
    const newer = hand(ana.at.root);
    const { operations } = (await holdings(ana)).counts;
    // It did not see the invite.
    const blind = await invited(newer, seed, eve, invite, member);
    expect(await ana.source.admit(newer.publicKey, texts(invite, blind))).toBe('stranger');
    expect((await holdings(ana)).counts.operations).toBe(operations);
    const fair = hand(ana.at.root);
    const good = await invited(fair, seed, eve, invite);
    expect(await ana.source.admit(fair.publicKey, texts(good))).toBe('stranger');
    expect((await holdings(ana)).counts.operations).toBe(operations);
    expect(await ana.source.admit(fair.publicKey, texts(await junk(fair), good, invite))).toBe('admitted');
    expect((await holdings(ana)).counts).toMatchObject({
      operations: operations + 2,
      waiting: 0,
      rejected: 0,
    });
    await healthy(ana.replica);
  });
});

describe('REP-27 an admission', () => {
  it('counts when the key of its countersigner comes in the same write', async () => {
    const [ana] = await couple();
    const { eve, admission, member } = await newcomer(ana);
    const seed = generateSeed(randomBytes);
    const invite = await inviteBy(eve, 'eve', seed, [member]);
    const newer = hand(ana.at.root);
    const all = asTexts(admission, member, invite, await invited(newer, seed, eve, invite));
    await ana.source.take('log/members/1', all, session());
    expect((await holdings(ana)).counts).toMatchObject({ waiting: 0, rejected: 0 });
    expect(await ana.source.admit(newer.publicKey, [])).toBe('admitted');
    await healthy(ana.replica);
  });
});
