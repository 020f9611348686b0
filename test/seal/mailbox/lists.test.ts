import { describe, expect, it, vi } from 'vitest';
import { closeCodes } from '../../../schemas/protocol.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { listHash, signList } from '../../../src/seal/admitted.ts';
import type { SignedList } from '../../../src/seal/wire.ts';
import {
  type Client,
  code,
  founded,
  listOf,
  newId,
  newSigner,
  openRig,
  recordBy,
  second,
  tokenOf,
} from './support.ts';

const hashOf = (list: SignedList): string => listHash(nodeCrypto, list);

/** What a list is answered with: `ok`, or the code of the error. */
async function put(client: Client, list: SignedList): Promise<string> {
  client.send({ type: 'list', tag: 99, list });
  const answer = await client.answer(99);
  return answer.type === 'error' ? answer.code : answer.type;
}

describe('who is admitted to a sealed mailbox', () => {
  it('SLD-6: a mailbox is made by who has the code, with a list of its own, once', async () => {
    const rig = openRig();
    const [owner, other, mailbox] = [newSigner(), newSigner(), newId()];
    const list = await listOf(owner, { mailbox });
    const client = rig.connect(owner, mailbox);
    expect(await client.hello()).toMatchObject({ list: 0, records: 0, key: rig.signer.publicKey });
    const tries: [SignedList, string, string][] = [
      [list, 'another code', 'enrolment'],
      [await listOf(other, { mailbox }), code, 'list_forged'],
      [await listOf(owner, { mailbox, admins: [other] }), code, 'list_forged'],
      [await listOf(owner, { mailbox: newId() }), code, 'list_forged'],
      [await listOf(owner, { mailbox, version: 2 }), code, 'list_version'],
      [await listOf(owner, { mailbox, prev: newId() }), code, 'list_forged'],
      [{ ...list, sig: list.sig.replace(/^../, 'AA') }, code, 'list_forged'],
      [{ ...list, text: list.text.replace('{', '{ ') }, code, 'list_forged'],
    ];
    for (const [tried, withCode, refusal] of tries) {
      client.send({ type: 'create', tag: 5, list: tried, code: withCode });
      expect(await client.answer(5)).toMatchObject({ type: 'error', code: refusal });
    }
    client.send({ type: 'append', tag: 6, document: newId(), record: recordBy(owner) });
    expect(await client.answer(6)).toMatchObject({ type: 'error', code: 'not_found' });
    client.send({ type: 'create', tag: 7, list, code });
    expect(await client.next('hello')).toMatchObject({ list: 1 });
    client.send({ type: 'create', tag: 8, list, code });
    expect(await client.answer(8)).toMatchObject({ type: 'error', code: 'exists' });
  });

  it('SLD-7: a key that is not admitted is sent away, and reads and appends nothing', async () => {
    const rig = openRig();
    const { mailbox, admin } = await founded(rig);
    const document = newId();
    admin.send({ type: 'append', tag: 2, document, record: recordBy(admin.signer) });
    await admin.answer(2);
    const stranger = rig.connect(newSigner(), mailbox);
    stranger.send(
      { type: 'hello', versions: [1], capabilities: [] },
      { type: 'read', tag: 1, document, after: 0, max: 1_000 },
      { type: 'append', tag: 2, document, record: recordBy(stranger.signer) },
    );
    expect(await stranger.end()).toMatchObject({ code: closeCodes.stranger });
    expect(stranger.came.map(({ type }) => type)).toEqual(['bye']);
    admin.send({ type: 'inventory', after: '' });
    expect((await admin.next('inventory')).documents).toMatchObject([{ document, last: 1 }]);
  });

  it('SLD-8: the next list is signed by an admin of the one before, and follows on it', async () => {
    const rig = openRig();
    const [writer, newcomer] = [newSigner(), newSigner()];
    const { mailbox, admin, list } = await founded(rig, [writer]);
    const owner = admin.signer;
    const client = rig.connect(writer, mailbox);
    await client.hello();
    const next = { mailbox, version: 2, prev: hashOf(list), keys: [writer, newcomer] };
    const good = await listOf(owner, next);
    for (const [tried, refusal] of [
      [await listOf(writer, { ...next, admins: [writer], keys: [newcomer] }), 'not_admin'],
      [{ ...(await listOf(writer, next)), text: good.text }, 'list_forged'],
      [await listOf(owner, { ...next, version: 3 }), 'list_version'],
      [await listOf(owner, { ...next, version: 1 }), 'list_version'],
      [await listOf(owner, { ...next, prev: newId() }), 'list_version'],
      [await listOf(owner, { ...next, mailbox: newId() }), 'list_forged'],
      [
        await signList(owner, { ...next, keys: [{ key: owner.publicKey, admin: false }], revoked: [] }),
        'list_forged',
      ],
    ] as const)
      for (const by of [admin, client]) expect(await put(by, tried)).toBe(refusal);
    // Whoever brings it: the signature counts.
    expect(await put(client, good)).toBe('ok');
    for (const one of [admin, client]) expect(await one.next('list')).toEqual({ type: 'list', list: good });
    expect(await put(admin, good)).toBe('ok');
    // Who was no admin then, and is now, signs the one after.
    const promoted = await listOf(owner, {
      mailbox,
      version: 3,
      prev: hashOf(good),
      admins: [owner, newcomer],
      keys: [writer],
    });
    expect(await put(admin, promoted)).toBe('ok');
    const third = await listOf(newcomer, {
      mailbox,
      version: 4,
      prev: hashOf(promoted),
      admins: [newcomer],
      keys: [writer],
    });
    expect(await put(client, third)).toBe('ok');
    expect(await admin.end()).toMatchObject({ code: closeCodes.stranger });
    client.send({ type: 'list', tag: 4, list: undefined });
    await client.next('list');
    expect(client.came.filter(({ type }) => type === 'list').at(-1)).toEqual({ type: 'list', list: third });
  });

  it('SLD-9: the sessions of a key that a list leaves out end at once, and it does not come back', async () => {
    const rig = openRig();
    const thief = newSigner();
    const { mailbox, admin, list } = await founded(rig, [thief]);
    const sessions = [rig.connect(thief, mailbox), rig.connect(thief, mailbox)];
    for (const one of sessions) await one.hello();
    admin.send({
      type: 'list',
      tag: 3,
      list: await listOf(admin.signer, {
        mailbox,
        version: 2,
        prev: hashOf(list),
        revoked: [thief.publicKey],
      }),
    });
    for (const one of sessions) {
      expect(await one.end()).toMatchObject({ code: closeCodes.stranger });
      one.send({ type: 'append', tag: 3, document: newId(), record: recordBy(thief) });
    }
    expect(await admin.answer(3)).toMatchObject({ type: 'ok' });
    const again = rig.connect(thief, mailbox);
    again.send({ type: 'hello', versions: [1], capabilities: [] });
    expect(await again.end()).toMatchObject({ code: closeCodes.stranger });
    admin.send({ type: 'inventory', after: '' });
    expect((await admin.next('inventory')).documents).toEqual([]);
  });

  it('SLD-10: a session ends with its proof of key, unless that was renewed with the same key', async () => {
    const rig = openRig();
    const reader = newSigner();
    const { mailbox, admin } = await founded(rig, [reader]);
    const client = rig.connect(reader, mailbox);
    await client.hello();
    rig.clock.now += 200 * second;
    admin.send({ type: 'token', token: tokenOf(admin.signer, rig.clock.now + 300 * second) });
    await vi.waitFor(() => expect(admin.session.expires).toBe(rig.clock.now + 300 * second));
    rig.clock.now += 101 * second;
    rig.mailboxes.tick();
    expect(await client.end()).toMatchObject({ code: closeCodes.unproven });
    expect(admin.ended).toBeUndefined();
    // One that is over, and one of another key.
    for (const token of [tokenOf(reader, rig.clock.now), tokenOf(newSigner(), rig.clock.now + second)]) {
      const other = rig.connect(reader, mailbox);
      await other.hello();
      other.send({ type: 'token', token });
      expect(await other.end()).toMatchObject({ code: closeCodes.unproven });
    }
  });
});
