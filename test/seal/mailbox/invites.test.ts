import { describe, expect, it } from 'vitest';
import type { AdmissionRequest } from '../../../schemas/index.ts';
import { closeCodes } from '../../../schemas/protocol.ts';
import { SealedJoined } from '../../../schemas/sealed.ts';
import { generateSeed, nodeCrypto, x25519FromSeed } from '../../../src/keys/node.ts';
import { answerBytes } from '../../../src/machines/admission.ts';
import { countersignBytes, hashOf, proofBytes, type Signer } from '../../../src/op/index.ts';
import { listHash } from '../../../src/seal/admitted.ts';
import { type Client, founded, listOf, newId, newSigner, openRig, recordBy } from './support.ts';

const workspace = hashOf(nodeCrypto, 'workspace');
const nonce = 'n'.repeat(24);

/** What a new replica asks with. */
async function requestOf(
  seed: Signer,
  { replica = newSigner(), machine = newSigner() } = {},
): Promise<AdmissionRequest & { readonly replica: Signer }> {
  const { publicKey: encryption } = x25519FromSeed(generateSeed());
  const admitted = { workspace, key: replica.publicKey, encryption, seed: seed.publicKey };
  const bytes = proofBytes(admitted);
  return {
    versions: [1],
    ...admitted,
    proof: await seed.sign(bytes),
    machine: machine.publicKey,
    vouched: await machine.sign(bytes),
    nonce,
    replica,
  };
}

async function register(client: Client, terms: object): Promise<string> {
  client.send({ type: 'invite', tag: 20, text: JSON.stringify(terms) });
  const answer = await client.answer(20);
  return answer.type === 'error' ? answer.code : answer.type;
}

/** A mailbox with one invite. */
async function invited(name: string, uses = 1) {
  const rig = openRig();
  const { admin, mailbox, list } = await founded(rig);
  const seed = newSigner();
  const invite = hashOf(nodeCrypto, name);
  const terms = { invite, workspace, seed: seed.publicKey, uses, expires: rig.clock.now + 1000 };
  expect(await register(admin, terms)).toBe('ok');
  return { rig, admin, mailbox, list, seed, invite, terms };
}

describe('invites at a sealed relay', () => {
  it('SLD-15: who joins is countersigned as by a node, told of, and let in until the next list', async () => {
    const { rig, admin, mailbox, list, seed, invite } = await invited('a');
    const { replica, ...request } = await requestOf(seed);
    const admission = await rig.mailboxes.countersign(invite, request);
    const { countersign } = admission;
    expect(admission).toMatchObject({ members: [], key: rig.signer.publicKey });
    expect(countersign).toMatchObject({ replica: rig.signer.id, at: rig.clock.now });
    const { publicKey } = rig.signer;
    const signed = countersignBytes(request, invite, countersign.at);
    expect(await nodeCrypto.verify(publicKey, signed, countersign.sig)).toBe(true);
    const answered = answerBytes(nonce, countersign.sig);
    expect(await nodeCrypto.verify(publicKey, answered, admission.sig)).toBe(true);
    const told = SealedJoined.parse(JSON.parse((await admin.next('joined')).text));
    expect(told).toMatchObject({ key: request.key, encryption: request.encryption, invite, countersign });

    const client = rig.connect(replica, mailbox);
    await client.hello();
    expect(JSON.parse((await client.next('joined')).text)).toEqual(told);
    client.send({ type: 'append', tag: 1, document: newId(), record: recordBy(replica) });
    expect(await client.answer(1)).toMatchObject({ type: 'appended' });
    // It is no admin, and makes no list.
    expect(await register(client, { ...told, uses: 1, expires: 1 })).toBe('invalid');
    const next = { mailbox, version: 2, prev: listHash(nodeCrypto, list) };
    const own = await listOf(replica, next);
    client.send({ type: 'list', tag: 2, list: own });
    expect(await client.answer(2)).toMatchObject({ type: 'error', code: 'not_admin' });
    // A list that does not know of it yet does not send it away; one that has it ends the telling.
    const second = await listOf(admin.signer, next);
    admin.send({ type: 'list', tag: 3, list: second });
    expect(await admin.answer(3)).toMatchObject({ type: 'ok' });
    expect(client.ended).toBeUndefined();
    const third = await listOf(admin.signer, {
      mailbox,
      version: 3,
      prev: listHash(nodeCrypto, second),
      keys: [replica],
    });
    admin.send({ type: 'list', tag: 4, list: third });
    await admin.answer(4);
    const later = rig.connect(admin.signer, mailbox);
    await later.hello();
    expect(later.came).toEqual([]);
    expect(client.ended).toBeUndefined();
  });

  it('SLD-16: a list that names a key as revoked turns it away, also where it came by an invite', async () => {
    const { rig, admin, mailbox, list, seed, invite } = await invited('b', 5);
    const { replica, ...request } = await requestOf(seed);
    await rig.mailboxes.countersign(invite, request);
    const client = rig.connect(replica, mailbox);
    await client.hello();
    const revoked = [replica.publicKey];
    const next = await listOf(admin.signer, {
      mailbox,
      version: 2,
      prev: listHash(nodeCrypto, list),
      revoked,
    });
    admin.send({ type: 'list', tag: 3, list: next });
    expect(await client.end()).toMatchObject({ code: closeCodes.stranger });
    await expect(rig.mailboxes.countersign(invite, request)).rejects.toMatchObject({
      code: 'ticket_invalid',
    });
  });

  it('SLD-17: of any number at once as many get in as an invite has uses; a repeat is no use', async () => {
    const { rig, seed, invite, terms } = await invited('c', 3);
    const requests = await Promise.all(Array.from({ length: 12 }, () => requestOf(seed)));
    const answers = await Promise.allSettled(
      requests.map(({ replica: _, ...request }) => rig.mailboxes.countersign(invite, request)),
    );
    const fulfilled = answers.flatMap((one, i) => (one.status === 'fulfilled' ? [{ i, at: one.value }] : []));
    expect(fulfilled).toHaveLength(3);
    for (const one of answers)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'ticket_used' });
    // Also by an engine that reads it from the store.
    const again = openRig({ store: rig.store, signer: rig.signer, clock: rig.clock });
    for (const { i, at } of fulfilled) {
      const { replica: _, ...request } = requests[i] as AdmissionRequest & { replica: Signer };
      expect((await again.mailboxes.countersign(invite, request)).countersign).toEqual(at.countersign);
    }
    const { replica: _, ...late } = await requestOf(seed);
    await expect(again.mailboxes.countersign(invite, late)).rejects.toMatchObject({ code: 'ticket_used' });
    rig.clock.now = terms.expires + 1;
    await expect(again.mailboxes.countersign(invite, late)).rejects.toMatchObject({ code: 'ticket_expired' });
  });

  it('SLD-17: so many may join while no admin makes a list, and none of those beyond is a use', async () => {
    const rig = openRig({ limits: { joined: 2 } });
    const { admin, mailbox, list } = await founded(rig);
    const seed = newSigner();
    const invite = hashOf(nodeCrypto, 'many');
    const expires = rig.clock.now + 1000;
    expect(await register(admin, { invite, workspace, seed: seed.publicKey, uses: 3, expires })).toBe('ok');
    const requests = await Promise.all([1, 2, 3].map(() => requestOf(seed)));
    const ask = ({ replica: _, ...request }: AdmissionRequest & { replica: Signer }) =>
      rig.mailboxes.countersign(invite, request);
    const [first, second, third] = requests as [
      (typeof requests)[0],
      (typeof requests)[0],
      (typeof requests)[0],
    ];
    await ask(first);
    await ask(second);
    await expect(ask(third)).rejects.toMatchObject({ code: 'busy' });
    const next = await listOf(admin.signer, {
      mailbox,
      version: 2,
      prev: listHash(nodeCrypto, list),
      keys: [first.replica, second.replica],
    });
    admin.send({ type: 'list', tag: 3, list: next });
    await admin.answer(3);
    await ask(third);
  });

  it('SLD-18: what the seed or the machine did not sign, another workspace and unknown invites are refused', async () => {
    const { rig, admin, seed, invite } = await invited('d');
    const { replica: _, ...good } = await requestOf(seed);
    const { replica: __, ...foreign } = await requestOf(newSigner());
    const elsewhere = hashOf(nodeCrypto, 'elsewhere');
    const bad: [AdmissionRequest, string][] = [
      [foreign, 'ticket_invalid'],
      [{ ...good, proof: foreign.proof }, 'ticket_invalid'],
      [{ ...good, vouched: foreign.vouched }, 'ticket_invalid'],
      [{ ...good, key: foreign.key }, 'ticket_invalid'],
      [{ ...good, workspace: elsewhere }, 'ticket_elsewhere'],
      [{ ...good, versions: [2] }, 'protocol_newer'],
    ];
    for (const [request, code] of bad)
      await expect(rig.mailboxes.countersign(invite, request)).rejects.toMatchObject({ code });
    await expect(rig.mailboxes.countersign(elsewhere, good)).rejects.toMatchObject({
      code: 'ticket_elsewhere',
    });
    // None of it was a use.
    await rig.mailboxes.countersign(invite, good);
    admin.send({ type: 'uninvite', tag: 9, invite });
    expect(await admin.answer(9)).toMatchObject({ type: 'ok' });
    await expect(rig.mailboxes.countersign(invite, good)).rejects.toMatchObject({ code: 'ticket_expired' });
  });

  it('SLD-19: an invite is of one mailbox for good, with the terms that it was registered with', async () => {
    const { rig, admin, invite, terms } = await invited('e');
    expect(await register(admin, terms)).toBe('ok');
    expect(await register(admin, { ...terms, uses: 100 })).toBe('exists');
    // Who has the ticket, and a mailbox, could else countersign itself without end.
    const { admin: thief } = await founded(rig);
    expect(await register(thief, { ...terms, uses: 100 })).toBe('exists');
    admin.send({ type: 'uninvite', tag: 9, invite });
    await admin.answer(9);
    expect(await register(thief, terms)).toBe('exists');
    thief.send({ type: 'uninvite', tag: 9, invite });
    expect(await thief.answer(9)).toMatchObject({ code: 'not_found' });
    // Two at once.
    const other = { ...terms, invite: hashOf(nodeCrypto, 'f') };
    const answers = await Promise.all([register(admin, other), register(thief, other)]);
    expect(answers.sort()).toEqual(['exists', 'ok']);
    expect(await register(admin, { ...terms, uses: 0 })).toBe('invalid');
  });
});

describe('letters at a sealed relay', () => {
  it('SLD-20: a letter waits for whom it is for until that replica has it, and nobody else sees it', async () => {
    const [reader, other] = [newSigner(), newSigner()];
    const rig = openRig({ limits: { lettersForOne: 2 } });
    const { admin, mailbox, list } = await founded(rig, [reader, other]);
    const send = async (to: string): Promise<string> => {
      admin.send({ type: 'letter', tag: 5, to, bytes: new Uint8Array([1, 2, 3]) });
      const answer = await admin.answer(5);
      return answer.type === 'error' ? answer.code : answer.type;
    };
    expect(await send(newId())).toBe('not_found');
    expect(await send(reader.publicKey)).toBe('ok');
    const stranger = rig.connect(other, mailbox);
    await stranger.hello();
    const client = rig.connect(reader, mailbox);
    await client.hello();
    const letter = await client.next('letter');
    expect(letter).toEqual({
      type: 'letter',
      number: 1,
      from: admin.signer.publicKey,
      bytes: new Uint8Array([1, 2, 3]),
    });
    expect(await send(reader.publicKey)).toBe('ok');
    expect(await client.next('letter')).toMatchObject({ number: 2 });
    expect(await send(reader.publicKey)).toBe('quota');
    // Another's word that it has it changes nothing.
    stranger.send({ type: 'letterTaken', number: 1 });
    client.send({ type: 'letterTaken', number: 2 });
    expect(await send(reader.publicKey)).toBe('ok');
    expect(stranger.came).toEqual([]);
    const again = openRig({ store: rig.store }).connect(reader, mailbox);
    await again.hello();
    expect(await again.next('letter')).toMatchObject({ number: 1 });
    expect(await again.next('letter')).toMatchObject({ number: 3 });
    // With its key its letters go.
    const next = await listOf(admin.signer, {
      mailbox,
      version: 2,
      prev: listHash(nodeCrypto, list),
      keys: [other],
    });
    admin.send({ type: 'list', tag: 6, list: next });
    await admin.answer(6);
    expect(await rig.store.list({ gte: 'm/', lt: 'm0' })).not.toContainEqual([
      expect.stringContaining('/p/'),
      expect.anything(),
    ]);
  });
});
