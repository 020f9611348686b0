import { describe, expect, it } from 'vitest';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { home } from '../../replica/support/open.ts';
import { ask } from '../http/support.ts';
import { start } from '../node/start.ts';
import { eras, onHttp } from './support.ts';
import { workThrough } from './work.ts';

const hello = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};
const accept = 'application/json, text/event-stream';

describe('MCP over HTTP', () => {
  it.each(eras)('two agents work through every tool with the official client, %s', async (_, options) => {
    const node = await start(home());
    const [kai, mia] = [await onHttp(node, 'kai', options), await onHttp(node, 'mia', options)];
    expect(kai.client.getInstructions()).toContain('You are @kai.');
    expect((await kai.client.listTools()).tools.map(({ name }) => name)).toHaveLength(10);
    await workThrough(kai, mia);
  });

  it('asks for Host, Origin and token as /v1 does', async () => {
    const node = await start(home());
    const token = tokenOf(node.directory, 'kai');
    const post = (headers: Record<string, string>, of: string | undefined = token) =>
      ask(`${node.url}/mcp`, { method: 'POST', token: of, json: hello, headers: { accept, ...headers } });
    expect(await post({ host: 'evil.example' })).toMatchObject({
      status: 403,
      body: { error: { code: 'bad_host' } },
    });
    expect(await post({ origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    expect(await post({}, 'wrong')).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } });
    expect((await ask(`${node.url}/mcp`)).status).toBe(401);
    const begun = await post({});
    expect(begun.status).toBe(200);
    expect(begun.headers['mcp-session-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(begun.headers['cache-control']).toContain('no-store');
  });

  it('a session is its member’s alone, and gone once the client ends it', async () => {
    const node = await start(home());
    const [kai, mia] = ['kai', 'mia'].map((handle) => tokenOf(node.directory, handle));
    const begun = await ask(`${node.url}/mcp`, {
      method: 'POST',
      token: kai,
      json: hello,
      headers: { accept },
    });
    const session = { accept, 'mcp-session-id': String(begun.headers['mcp-session-id']) };
    const ping = { jsonrpc: '2.0', id: 2, method: 'ping' };
    const pinged = (token: string | undefined) =>
      ask(`${node.url}/mcp`, { method: 'POST', token, json: ping, headers: session });
    expect(await pinged(mia)).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    expect((await pinged(kai)).status).toBe(200);
    expect((await ask(`${node.url}/mcp`, { method: 'DELETE', token: kai, headers: session })).status).toBe(
      200,
    );
    expect((await pinged(kai)).status).toBe(404);
  });

  it.each(eras)('tells who follows the digest as something arrives for it, %s', async (_, options) => {
    const node = await start(home());
    const kai = await onHttp(node, 'kai', options);
    const mia = node.replica.as('mia');
    await kai.does('post', { to: 'general', text: 'here' });
    const told = new Promise<string>((resolve) => {
      kai.client.setNotificationHandler('notifications/resources/updated', ({ params }) =>
        resolve(params.uri),
      );
    });
    if (options) await kai.client.listen({ resourceSubscriptions: ['coterie://digest'] });
    else await kai.client.subscribeResource({ uri: 'coterie://digest' });
    await mia.messages.post('general', { text: 'nothing for anybody' });
    await mia.messages.post('general', { text: 'Hello @kai' });
    expect(await told).toBe('coterie://digest');
    const { contents } = await kai.client.readResource({ uri: 'coterie://digest' });
    expect(contents[0]).toMatchObject({
      mimeType: 'text/plain',
      text: expect.stringContaining('Hello @kai'),
    });
  });

  it('shows tasks, threads and memories as resources, and says which there are', async () => {
    const node = await start(home());
    const kai = await onHttp(node, 'kai');
    await kai.does('task', { action: 'create', title: 'One' });
    await kai.does('remember', { key: 'a b', text: 'kept' });
    const posted = await kai.does('post', { to: 'general', text: 'said' });
    const text = async (uri: string) => {
      const [first] = (await kai.client.readResource({ uri })).contents;
      return first && 'text' in first ? first.text : undefined;
    };
    expect(await text('coterie://task/kai-1')).toContain('kai-1 todo P2 One');
    expect(await text('coterie://memory/a%20b')).toContain('kept');
    expect(await text(`coterie://thread/${String(posted.data['id'])}`)).toContain('said');
    const { resourceTemplates } = await kai.client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'coterie://task/{id}',
      'coterie://thread/{id}',
      'coterie://memory/{key}',
    ]);
    await expect(text('coterie://task/kai-9')).rejects.toMatchObject({
      code: -32602,
      data: { error: { code: 'not_found' } },
    });
    await expect(kai.client.subscribeResource({ uri: 'coterie://tsk/kai-1' })).rejects.toMatchObject({
      code: -32602,
    });
  });
});
