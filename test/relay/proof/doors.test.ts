import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Doc } from 'yjs';
import { tokenOf } from '../../../relay/node/tokens.ts';
import * as wire from '../../../relay/rooms/room/wire.ts';
import { connect as plain } from '../../../src/yjs/index.ts';
import { ask, follow } from '../http/support.ts';
import { bare, connect, until } from '../rooms/support.ts';
import { type At, nodeAt } from './at.ts';

const code = ({ body }: { body: unknown }): string | undefined =>
  (body as { error?: { code: string } } | undefined)?.error?.code;

const syncOf = ({ node }: At): string =>
  `${node.url.replace('http', 'ws')}/sync/${node.replica.workspace.id}`;

const protocols = (token: string): string[] => ['coterie', `token.${token}`];

/** As a client that made it nearly four minutes ago: it is over within six seconds, and not within four. */
const soonOver = (): { now: number } => ({ now: Date.now() - 234_500 });

describe('a proof of key at the doors of a node', () => {
  it('ACS-1: takes the place of a token over HTTP, for a member that its replica hosts', async () => {
    const at = await nodeAt();
    const eve = await at.admit('eve');
    const get = async (token: string) => ask(`${at.node.url}/v1/inbox`, { token });
    expect((await get(await at.proof(eve))).status).toBe(200);
    expect((await get(await at.proof(eve, { member: 'eve' }))).status).toBe(200);
    expect((await get(await at.proof(eve, { member: eve.member('eve') }))).status).toBe(200);
    const other = await get(await at.proof(eve, { member: 'kai' }));
    expect([other.status, code(other)]).toEqual([403, 'not_admitted']);
    const unknown = await get(await at.proof(at.stranger()));
    expect([unknown.status, code(unknown)]).toEqual([403, 'not_admitted']);
    const elsewhere = await get(await at.proof(eve, { audience: eve.publicKey }));
    expect([elsewhere.status, code(elsewhere)]).toEqual([401, 'unauthorized']);
    const inUrl = await ask(`${at.node.url}/v1/inbox?token=${await at.proof(eve)}`);
    expect([inUrl.status, code(inUrl)]).toEqual([401, 'unauthorized']);
  });

  it('ACS-2: reads all, and signs through the node for members alone that both replicas host', async () => {
    const at = await nodeAt();
    const eve = await at.admit('eve');
    const proof = await at.proof(eve);
    const post = () =>
      ask(`${at.node.url}/v1/channels/general/messages`, {
        method: 'POST',
        token: proof,
        json: { text: 'hi' },
      });
    expect((await ask(`${at.node.url}/v1/channels/general/messages`, { token: proof })).status).toBe(200);
    const refused = await post();
    expect([refused.status, code(refused)]).toEqual([403, 'forbidden']);
    for (const [method, path, json] of [
      ['PUT', 'presence', { state: 'idle' }],
      ['POST', 'acks', { operations: [at.node.replica.workspace.id] }],
    ] as const) {
      const said = await ask(`${at.node.url}/v1/${path}`, { method, token: proof, json });
      expect([path, said.status, code(said)]).toEqual([path, 403, 'forbidden']);
    }
    // Now the node hosts her too.
    await at.node.replica.as('eve').messages.post('general', { text: 'from here' });
    const posted = await post();
    expect(posted.status).toBe(200 + 1);
    expect(posted.body).toMatchObject({ author: { id: eve.member('eve') } });
  });

  it('ACS-2: what is about the machine of the node is for its own members', async () => {
    const at = await nodeAt();
    const eve = await at.admit('eve');
    const asked = { method: 'POST', json: { directory: '/tmp/none-of-hers' } };
    for (const path of ['backup', 'export']) {
      const refused = await ask(`${at.node.url}/v1/admin/${path}`, { ...asked, token: await at.proof(eve) });
      expect([refused.status, code(refused)]).toEqual([403, 'forbidden']);
    }
  });

  it('ACS-3: opens the documents that it names on /sync, and no verbs', async () => {
    const at = await nodeAt();
    const eve = await at.admit('eve');
    const forPlan = await at.proof(eve, { documents: 'pad/plan' });
    const end = async (name: string, token: string): Promise<number> =>
      (await (await bare(`${syncOf(at)}/${name}`, protocols(token))).closed()).code;
    const plan = connect(syncOf(at), 'pad/plan', new Doc(), { protocols: protocols(forPlan) });
    await plan.synced();
    const forMembers = protocols(await at.proof(eve, { documents: 'log/members' }));
    const below = connect(syncOf(at), 'log/members/1', new Doc(), { protocols: forMembers });
    await below.synced();
    expect(await end('pad/planning', forPlan)).toBe(4403);
    expect(await end('log/members/1', forPlan)).toBe(4403);
    expect(await end('pad/plan', await at.proof(at.stranger()))).toBe(4403);
    expect(await end('pad/plan', await at.proof(eve, { workspace: 'a'.repeat(26) }))).toBe(4401);
    expect(await end('pad/plan', `${forPlan}x`)).toBe(4401);
    const verbs = await ask(`${at.node.url}/v1/status`, { token: forPlan });
    expect([verbs.status, code(verbs)]).toEqual([403, 'forbidden']);
  });

  it('ACS-4: a socket ends with its proof, unless a fresh one of the same key came by it', async () => {
    const at = await nodeAt();
    const eve = await at.admit('eve');
    const mallory = await at.admit('mallory');
    const open = async () => bare(`${syncOf(at)}/pad/plan`, protocols(await at.proof(eve, soonOver())));
    const [left, renewed, hers, wide] = [await open(), await open(), await open(), await open()];
    const send = (ws: WebSocket, proof: string): void =>
      ws.send(Buffer.concat([Buffer.of(125), Buffer.from(proof)]));
    send(renewed.ws, await at.proof(eve));
    send(hers.ws, await at.proof(mallory));
    send(wide.ws, await at.proof(eve, { documents: 'pad/other' }));
    expect((await hers.closed()).code).toBe(4401);
    expect((await wide.closed()).code).toBe(4401);
    expect(await left.closed()).toMatchObject({ code: 4401, reason: 'The proof of key is over.' });
    // It is still answered.
    const before = renewed.heard.length;
    renewed.ws.send(wire.step1(new Uint8Array([0])));
    await renewed.message((bytes) => renewed.heard.indexOf(bytes) >= before);
    expect(renewed.ws.readyState).toBe(WebSocket.OPEN);
  });

  it('ACS-4: streams of events end with their proof too, and say why; /v1/stream takes a fresh one', async () => {
    const at = await nodeAt();
    const eve = await at.admit('eve');
    const over = await at.proof(eve, soonOver());
    const stream = await follow(`${at.node.url}/v1/events`, over);
    const headers = { authorization: `Bearer ${over}` };
    const open = async (): Promise<WebSocket> => {
      const ws = new WebSocket(`${at.node.url.replace('http', 'ws')}/v1/stream`, { headers });
      await once(ws, 'open');
      return ws;
    };
    const [left, renewed] = [await open(), await open()];
    renewed.send(JSON.stringify({ renew: await at.proof(eve) }));
    expect((await once(left, 'close'))[0]).toBe(4401);
    await stream.ended;
    expect(stream.events.at(-1)).toMatchObject({ event: 'error' });
    expect(stream.events.at(-1)?.data).toContain('unauthorized');
    renewed.send(JSON.stringify({ call: 1, method: 'GET', path: '/v1/channels' }));
    for (;;) {
      const [data] = (await once(renewed, 'message')) as [Buffer];
      if ((JSON.parse(data.toString()) as { answer?: number }).answer === 1) break;
    }
    renewed.terminate();
  });

  it('ACS-5: every session of a replica that is revoked ends within seconds, and none begins', async () => {
    const at = await nodeAt();
    const eve = await at.admit('eve');
    const mallory = await at.admit('mallory');
    const proof = await at.proof(eve);
    const room = await bare(`${syncOf(at)}/pad/plan`, protocols(proof));
    const other = await bare(`${syncOf(at)}/pad/plan`, protocols(await at.proof(mallory)));
    const stream = await follow(`${at.node.url}/v1/events`, proof);
    const socket = new WebSocket(`${at.node.url.replace('http', 'ws')}/v1/stream`, {
      headers: { authorization: `Bearer ${proof}` },
    });
    await once(socket, 'open');
    const accept = 'application/json, text/event-stream';
    const hello = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    };
    const begun = await ask(`${at.node.url}/mcp`, {
      method: 'POST',
      token: proof,
      json: hello,
      headers: { accept },
    });
    const listening = await follow(`${at.node.url}/mcp`, proof, {
      accept: 'text/event-stream',
      'mcp-session-id': String(begun.headers['mcp-session-id']),
    });
    expect([begun.status, listening.status]).toEqual([200, 200]);
    const ended = once(socket, 'close');
    await at.node.replica.replicas.revoke(eve.id);
    expect((await room.closed()).code).toBe(4403);
    expect((await ended)[0]).toBe(4403);
    await Promise.all([stream.ended, listening.ended]);
    expect(stream.events.at(-1)?.data).toContain('not_admitted');
    expect(other.ws.readyState).toBe(WebSocket.OPEN);
    const again = await ask(`${at.node.url}/v1/status`, { token: await at.proof(eve) });
    expect([again.status, code(again)]).toEqual([403, 'not_admitted']);
    expect((await (await bare(`${syncOf(at)}/pad/plan`, protocols(proof))).closed()).code).toBe(4403);
  });

  it('ACS-5: a token ends with the binding of its member', async () => {
    const at = await nodeAt();
    const { replica, directory, url } = at.node;
    const mia = replica.as('mia');
    await mia.messages.post('general', { text: 'hi' });
    const eve = await at.admit('eve');
    const token = tokenOf(directory, 'mia');
    const room = await bare(`${syncOf(at)}/pad/plan`, protocols(token));
    const host = await eve.make({
      log: 'members',
      type: 'member.create',
      after: (await replica.members.get('mia')).base,
      data: { handle: 'mia', kind: 'agent', machine: eve.machine },
    });
    await at.take(host);
    const unbound = await eve.make({
      log: 'members',
      type: 'replica.unbind',
      subject: mia.member.id,
      member: mia.member.id,
      after: (await replica.members.get('mia')).base,
      data: { replica: replica.id, frontier: {} },
    });
    await at.take(unbound);
    expect((await room.closed()).code).toBe(4403);
    const refused = await ask(`${url}/v1/status`, { token });
    expect([refused.status, code(refused)]).toEqual([403, 'not_admitted']);
    expect((await ask(`${url}/v1/status`, { token: tokenOf(directory, 'kai') })).status).toBe(200);
  });

  it('ACS-6: a reader reads a pad, and writes none from the moment that it is one', async () => {
    const at = await nodeAt();
    const { replica, directory } = at.node;
    const mia = replica.as('mia');
    await mia.messages.post('general', { text: 'hi' });
    const token = tokenOf(directory, 'mia');
    const writes = connect(syncOf(at), 'pad/plan', new Doc(), { protocols: protocols(token) });
    await writes.synced();
    writes.doc.getText('t').insert(0, 'as a member');
    const kai = connect(syncOf(at), 'pad/plan', new Doc(), {
      protocols: protocols(tokenOf(directory, 'kai')),
    });
    await until(kai, () => kai.doc.getText('t').toString() === 'as a member');
    await replica.members.grant('mia', { role: 'reader' });
    const closed = new Promise<number>((resolve) => {
      writes.provider.on('closed', ({ code }: { code: number }) => resolve(code));
    });
    writes.doc.getText('t').insert(0, 'no more ');
    expect(await closed).toBe(4403);
    const reads = connect(syncOf(at), 'pad/plan', new Doc(), { protocols: protocols(token) });
    await reads.synced();
    expect(reads.doc.getText('t').toString()).toBe('as a member');
    expect(kai.doc.getText('t').toString()).toBe('as a member');
  });
});

describe('coterie/yjs', () => {
  it('YJS-5: goes on under fresh proofs, and ends what waits once the relay will not have it', async () => {
    const at = await nodeAt();
    const eve = await at.admit('eve');
    let made = 0;
    const connection = plain({
      url: at.node.url,
      workspace: at.node.replica.workspace.id,
      document: 'pad/plan',
      token() {
        made += 1;
        return at.proof(eve, soonOver());
      },
    });
    connection.doc.getText('t').insert(0, 'x');
    await connection.stored();
    // Sent over the socket that is open, before the first was over.
    while (made < 3) await new Promise((resolve) => setTimeout(resolve, 50));
    await expect.poll(() => connection.connected, { timeout: 60_000, interval: 20 }).toBe(true);
    await at.node.replica.replicas.revoke(eve.id);
    while (connection.connected) await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(connection.stored()).rejects.toMatchObject({ code: 'not_admitted' });
    await expect(connection.synced()).rejects.toMatchObject({ code: 'not_admitted' });
    connection.close();
  });
});
