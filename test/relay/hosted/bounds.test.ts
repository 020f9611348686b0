import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { ReadableRelay } from '../../../relay/hosted/relay.ts';
import type { Node } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { HostedInfo, list } from '../../../schemas/index.ts';
import { home } from '../../replica/support/open.ts';
import { ask } from '../http/support.ts';
import { start } from '../node/start.ts';
import { comes, post, startRelay, states } from './support.ts';

/** A node whose workspace the relay hosts. */
async function hosted(relay: ReadableRelay): Promise<Node> {
  const node = await start(home());
  await node.replica.remotes.add({ url: relay.url, code: relay.code });
  await comes(states(node)).toEqual(['linked']);
  return node;
}

const seen = async (relay: ReadableRelay, token?: string): Promise<readonly HostedInfo[]> => {
  const operator = token ?? readFileSync(relay.operator, 'utf8').trim();
  const { body } = await ask(`${relay.url}/v1/hosted`, { token: operator });
  return list(HostedInfo).parse(body).items;
};

describe('bounds of a readable relay', () => {
  it('HST-5 HST-7: a workspace is closed when nobody uses it, and opened for who comes; the operator sees it', async () => {
    const relay = await startRelay(undefined, { limits: { idle: 50 } });
    const node = await hosted(relay);
    const { id } = node.replica.workspace;
    expect(await seen(relay)).toMatchObject([{ workspace: id, open: true, users: 1 }]);
    await node.close();
    await comes(async () => (await seen(relay)).map(({ open, bytes }) => [open, (bytes ?? 0) > 0])).toEqual([
      [false, true],
    ]);
    expect((await ask(`${relay.url}/w/${id}/v1/relay`)).status).toBe(200);
    expect((await seen(relay))[0]?.opened).toBeGreaterThan(1);
    expect((await ask(`${relay.url}/v1/hosted`, { token: relay.code })).status).toBe(401);
    expect((await ask(`${relay.url}/metrics`)).status).toBe(401);
    const token = readFileSync(relay.operator, 'utf8').trim();
    expect((await ask(`${relay.url}/metrics`, { token })).text).toContain('coterie_workspaces_hosted 1');
    expect((await ask(`${relay.url}/w/${id}/v1/status`, { token })).status).toBe(401);
  });

  it('HST-5: of more workspaces than may be open the one unused for longest is closed; where all are used it is busy', async () => {
    const relay = await startRelay(undefined, { limits: { open: 1 } });
    const first = await hosted(relay);
    const second = await start(home());
    await expect(second.replica.remotes.add({ url: relay.url, code: relay.code })).rejects.toMatchObject({
      code: 'busy',
    });
    await first.close();
    await comes(async () => (await seen(relay)).map(({ users }) => users)).toEqual([0]);
    await second.replica.remotes.add({ url: relay.url, code: relay.code });
    await comes(states(second)).toEqual(['linked']);
    await comes(async () => (await seen(relay)).filter(({ open }) => open).length).toBe(1);
  });

  it('HST-2: an admission that the relay does not wait for is refused before its body comes', async () => {
    const relay = await startRelay();
    const asked = request(`${relay.url}/v1/hosted/${'a'.repeat(26)}/admission`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 30 * 1024 * 1024 },
    });
    asked.on('error', () => undefined);
    asked.flushHeaders();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(404);
    asked.destroy();
  });

  it('HST-6: a workspace over its quota is written to no more at the relay; another is not hindered, nor is its node', async () => {
    const relay = await startRelay(undefined, { limits: { bytes: 1_000_000 } });
    const node = await hosted(relay);
    const { id } = node.replica.workspace;
    const token = tokenOf(`${relay.directory}/workspaces/${id}/data`, 'bot');
    const say = () =>
      ask(`${relay.url}/w/${id}/v1/channels/general/messages`, {
        method: 'POST',
        token,
        json: { text: 'more'.repeat(15_000) },
      });
    await comes(async () => (await say()).body).toMatchObject({ error: { code: 'disk_full' } });
    expect((await post(node, 'here')).text).toBe('here');
  });

  it('HST-6: requests beyond the rate, and beyond how many there may be at once, are refused', async () => {
    const relay = await startRelay(undefined, { limits: { users: 1, rate: { requests: 3, seconds: 60 } } });
    const node = await hosted(relay);
    const below = `${relay.url}/w/${node.replica.workspace.id}`;
    // The socket of the node is the one that may be.
    expect((await ask(`${below}/v1/relay`)).body).toMatchObject({ error: { code: 'busy' } });
    await node.close();
    await comes(async () => (await seen(relay)).map(({ users }) => users)).toEqual([0]);
    await comes(async () => (await ask(`${below}/v1/relay`)).body).toMatchObject({
      error: { code: 'rate_limited' },
    });
    expect((await seen(relay))[0]?.refused).toBeGreaterThan(0);
  });

  it('HST-1: agents elsewhere speak at the relay by its tokens, and nobody works on its files', async () => {
    const relay = await startRelay();
    const node = await hosted(relay);
    const below = `${relay.url}/w/${node.replica.workspace.id}`;
    const token = tokenOf(`${relay.directory}/workspaces/${node.replica.workspace.id}/data`, 'bot');
    const said = await ask(`${below}/v1/channels/general/messages`, {
      method: 'POST',
      token,
      json: { text: 'from afar' },
    });
    expect(said.status).toBe(201);
    await comes(async () =>
      (await node.replica.messages.list('general')).items.map(({ text }) => text),
    ).toEqual(['from afar']);
    expect((await node.replica.members.get('bot')).role).toBe('member');
    const asked = await ask(`${below}/v1/admin/export`, {
      method: 'POST',
      token,
      json: { directory: '/tmp/x' },
    });
    expect(asked.body).toMatchObject({ error: { code: 'no_route' } });
    expect((await ask(`${below}/v1/remotes`, { token })).body).toMatchObject({
      error: { code: 'unsupported' },
    });
    const mcp = await ask(`${below}/mcp`, {
      method: 'POST',
      token,
      headers: { accept: 'application/json, text/event-stream' },
      json: {
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: {
          protocolVersion: '2025-06-18',
          capabilities: {},
          clientInfo: { name: 'test', version: '1' },
        },
      },
    });
    expect(mcp.status).toBe(200);
    expect(mcp.text).toContain('serverInfo');
  });
});
