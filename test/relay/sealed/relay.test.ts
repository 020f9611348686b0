import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { SealedRelay, SealedRelayOptions } from '../../../relay/sealed/relay.ts';
import { RelayInfo } from '../../../schemas/index.ts';
import { closeCodes } from '../../../schemas/protocol.ts';
import { sealedProtocol } from '../../../schemas/sealed.ts';
import type { Signer } from '../../../src/op/index.ts';
import { chainOf, listOf, newId, newSigner, recordBy, second } from '../../seal/mailbox/support.ts';
import { dial, foundAt, proofOf, startRelay } from './support.ts';

const running: SealedRelay[] = [];
const start = async (options?: Partial<SealedRelayOptions>): Promise<SealedRelay> => {
  const relay = await startRelay(options);
  running.push(relay);
  return relay;
};
afterEach(async () => {
  for (const relay of running.splice(0)) await relay.close();
});

const get = (relay: SealedRelay, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${relay.url}${path}`, init);

describe('a sealed relay', () => {
  it('SLD-31: it says what it is; its key and codes lie in its directory, for their owner alone, and stay', async () => {
    const relay = await start();
    const info = RelayInfo.parse(await (await get(relay, '/v1/relay')).json());
    expect(info).toMatchObject({ mode: 'sealed', key: relay.key, protocols: [1] });
    expect(await (await get(relay, '/healthz')).json()).toMatchObject({ ok: true });
    for (const name of ['enrolment.code', 'operator.token', 'node.key'])
      expect(statSync(join(relay.directory, name)).mode & 0o777).toBe(0o600);
    await running.pop()?.close();
    const again = await start({ directory: relay.directory });
    expect([again.key, again.code]).toEqual([relay.key, relay.code]);
  });

  it('SLD-32: records come back after a restart, with the same incarnation and chain', async () => {
    const relay = await start();
    const { admin, mailbox, hello } = await foundAt(relay);
    const document = newId();
    const records = Array.from({ length: 50 }, () => recordBy(admin.signer));
    for (const [tag, record] of records.entries()) admin.send({ type: 'append', tag, document, record });
    await admin.answer(49);
    await running.pop()?.close();
    expect(await admin.end()).toMatchObject({ code: closeCodes.goingAway });
    const again = await start({ directory: relay.directory });
    const client = await dial(again, admin.signer, mailbox);
    expect(await client.hello()).toMatchObject({ incarnation: hello.incarnation, records: 50, list: 1 });
    client.send({ type: 'inventory', after: '' });
    const at = { mailbox, document, incarnation: hello.incarnation };
    expect((await client.next('inventory')).documents).toEqual([
      { document, base: 0, last: 50, chain: chainOf(at, records) },
    ]);
    client.send({ type: 'read', tag: 1, document, after: 0, max: 1_000_000 });
    const piece = await client.next('records');
    expect(piece.records.map((one) => Buffer.from(one).toString('hex'))).toEqual(
      records.map((one) => Buffer.from(one).toString('hex')),
    );
  });

  it('SLD-33: a proof of key that is missing, over, of another listener or mailbox, or for one document ends with 4401', async () => {
    const relay = await start();
    const { mailbox, admin } = await foundAt(relay);
    const { signer } = admin;
    const good = await proofOf(signer, relay, mailbox);
    for (const token of [
      '',
      'abc',
      `${good.slice(0, -4)}AAAA`,
      await proofOf(signer, relay, newId()),
      await proofOf(signer, { key: newSigner().publicKey }, mailbox),
      await proofOf(signer, relay, mailbox, { now: Date.now() - 400 * second }),
      await proofOf(signer, relay, mailbox, { documents: 'log/tasks' }),
    ])
      expect(await (await dial(relay, signer, mailbox, { token })).end()).toMatchObject({
        code: closeCodes.unproven,
      });
    // One that a session showed is good again while it lasts, and not beyond.
    const clock = { now: Date.now() };
    const timed = await start({ now: () => clock.now });
    const other = await foundAt(timed);
    const token = await proofOf(other.admin.signer, timed, other.mailbox);
    const replayed = await dial(timed, other.admin.signer, other.mailbox, { token });
    await replayed.hello();
    clock.now += 241 * second;
    expect(await replayed.end()).toMatchObject({ code: closeCodes.unproven });
    const late = await dial(timed, other.admin.signer, other.mailbox, { token });
    expect(await late.end()).toMatchObject({ code: closeCodes.unproven });
  });

  it('SLD-34: a key that is admitted to one mailbox has nothing of another', async () => {
    const relay = await start();
    const [mine, theirs] = [await foundAt(relay), await foundAt(relay)];
    const document = newId();
    theirs.admin.send({ type: 'append', tag: 1, document, record: recordBy(theirs.admin.signer) });
    await theirs.admin.answer(1);
    const thief = await dial(relay, mine.admin.signer, theirs.mailbox);
    thief.send({ type: 'hello', versions: [1], capabilities: [] });
    expect(await thief.end()).toMatchObject({ code: closeCodes.stranger });
    mine.admin.send({ type: 'read', tag: 2, document, after: 0, max: 1_000 });
    expect(await mine.admin.answer(2)).toMatchObject({ type: 'error', code: 'not_found' });
  });

  it('SLD-35: a mailbox is made with the enrolment code, or at an open relay', async () => {
    const relay = await start();
    const [owner, mailbox] = [newSigner(), newId()];
    const client = await dial(relay, owner, mailbox);
    await client.hello();
    client.send({ type: 'create', tag: 1, list: await listOf(owner, { mailbox }), code: 'another' });
    expect(await client.answer(1)).toMatchObject({ type: 'error', code: 'enrolment' });
    const open = await start({ open: true });
    expect((await foundAt({ ...open, code: '' })).hello).toMatchObject({ list: 1 });
  });

  it('SLD-36: whatever comes ends at most its own socket', async () => {
    const relay = await start();
    const { admin, mailbox } = await foundAt(relay);
    const reader = await dial(relay, admin.signer, mailbox);
    reader.raw(new Uint8Array(sealedProtocol.frameBytes + 1));
    expect((await reader.end()).code).toBe(closeCodes.tooLarge);
    const larger = await dial(relay, admin.signer, mailbox);
    larger.raw(new Uint8Array(sealedProtocol.frameBytes + 100_000));
    expect((await larger.end()).code).toBe(1009);
    const garbage = await dial(relay, admin.signer, mailbox);
    garbage.raw(new Uint8Array([0, 1, 2, 3]));
    expect((await garbage.end()).code).toBe(closeCodes.malformed);
    admin.send({ type: 'ping', number: 3 });
    expect(await admin.next('pong')).toMatchObject({ number: 3 });
  });

  it('SLD-37: metrics are for the operator, and name no mailbox and no key', async () => {
    const relay = await start();
    const { mailbox, admin } = await foundAt(relay);
    admin.send({ type: 'append', tag: 1, document: newId(), record: recordBy(admin.signer) });
    await admin.answer(1);
    expect((await get(relay, '/metrics')).status).toBe(401);
    const { readFileSync } = await import('node:fs');
    const token = readFileSync(relay.operator, 'utf8').trim();
    const text = await (
      await get(relay, '/metrics', { headers: { authorization: `Bearer ${token}` } })
    ).text();
    expect(text).toContain('coterie_sealed_appended_total 1');
    for (const secret of [mailbox, admin.signer.publicKey, relay.code]) expect(text).not.toContain(secret);
  });

  it('SLD-38: a package is left by who is admitted to a mailbox, and had by who knows its id until it is over', async () => {
    const clock = { now: Date.now() };
    const relay = await start({ now: () => clock.now });
    const { mailbox, admin } = await foundAt(relay);
    const id = newId();
    const put = async (token: string | undefined, body: unknown, name = id): Promise<number> => {
      const headers = {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      const answer = await get(relay, `/v1/packages/${name}`, {
        method: 'PUT',
        headers,
        body: JSON.stringify(body),
      });
      return answer.status;
    };
    const body = { sealed: 'abcd', expires: clock.now + 60_000 };
    const good = await proofOf(admin.signer, relay, mailbox);
    expect(await put(undefined, body)).toBe(401);
    expect(await put('a.b.c', body)).toBe(401);
    expect(await put(await proofOf(newSigner(), relay, mailbox), body)).toBe(403);
    expect(await put(await proofOf(newSigner(), relay, newId()), body)).toBe(403);
    expect(await put(good, { ...body, sealed: 'a'.repeat(50_000) })).toBe(400);
    expect(await put(good, { ...body, expires: clock.now })).toBe(400);
    expect(await put(good, body, 'short')).toBe(400);
    expect(await put(good, body)).toBe(200);
    expect(await put(good, body)).toBe(200);
    expect(await put(good, { ...body, sealed: 'other' })).toBe(409);
    expect(await (await get(relay, `/v1/packages/${id}`)).json()).toEqual(body);
    expect((await get(relay, `/v1/packages/${newId()}`)).status).toBe(404);
    clock.now += 61_000;
    const over = (await (await get(relay, `/v1/packages/${id}`)).json()) as { error: { code: string } };
    expect(over.error.code).toBe('ticket_expired');
    expect(JSON.stringify(over)).not.toContain(body.sealed);
  });

  it('SLD-40 SLD-41: over HTTP an admin registers and ends invites, and who is admitted reads records', async () => {
    const relay = await start();
    const { mailbox, admin } = await foundAt(relay);
    const other = await foundAt(relay);
    const document = newId();
    for (let tag = 1; tag <= 3; tag++) {
      admin.send({ type: 'append', tag, document, record: recordBy(admin.signer) });
      await admin.answer(tag);
    }
    const asked = async (by: Signer | undefined, path: string, body?: unknown, of = mailbox) => {
      const token = by && (await proofOf(by, relay, of));
      const answer = await get(relay, `/v1/mailboxes/${mailbox}/${path}`, {
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const seed = newSigner();
    const invite = {
      invite: 'a'.repeat(26),
      workspace: 'e'.repeat(26),
      seed: seed.publicKey,
      uses: 1,
      expires: Date.now() + 60_000,
    };
    const statusOf = async (...about: Parameters<typeof asked>): Promise<number> =>
      (await asked(...about)).status;
    const [stranger, theirs] = [newSigner(), other.admin.signer];
    expect(await statusOf(undefined, 'invites', invite)).toBe(401);
    expect(await statusOf(stranger, 'invites', invite)).toBe(403);
    expect(await statusOf(theirs, 'invites', invite)).toBe(403);
    expect(await statusOf(theirs, 'invites', invite, other.mailbox)).toBe(401);
    expect(await statusOf(admin.signer, 'invites', { ...invite, uses: 0 })).toBe(400);
    expect(await statusOf(admin.signer, 'invites', invite)).toBe(201);
    expect(await statusOf(admin.signer, 'invites', invite)).toBe(201);
    expect(await statusOf(admin.signer, 'invites', { ...invite, uses: 2 })).toBe(409);
    expect(await statusOf(stranger, `invites/${invite.invite}/revoke`, {})).toBe(403);
    expect(await statusOf(admin.signer, `invites/${'i'.repeat(26)}/revoke`, {})).toBe(404);
    expect(await statusOf(admin.signer, `invites/${invite.invite}/revoke`, {})).toBe(200);

    expect(await statusOf(undefined, `documents/${document}`)).toBe(401);
    expect(await statusOf(stranger, `documents/${document}`)).toBe(403);
    expect(await statusOf(theirs, `documents/${document}`, undefined, other.mailbox)).toBe(401);
    expect(await statusOf(admin.signer, `documents/${newId()}`)).toBe(404);
    expect(await statusOf(admin.signer, `documents/${document}?after=-1`)).toBe(400);
    const { body } = await asked(admin.signer, `documents/${document}?after=1`);
    expect(body).toMatchObject({ base: 0, from: 2, last: true });
    expect(body['records']).toHaveLength(2);
  });

  it('SLD-39: one address may not ask without end for what costs something', async () => {
    const relay = await start({ rate: { requests: 5, seconds: 60 } });
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push((await get(relay, `/v1/packages/${newId()}`)).status);
    expect(statuses).toEqual([404, 404, 404, 404, 404, 429, 429]);
    expect((await get(relay, '/healthz')).status).toBe(200);
  });
});
