import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { tokenOf } from '../../../relay/node/tokens.ts';
import type { SearchPart } from '../../../schemas/index.ts';
import { createClient } from '../../../src/client/index.ts';
import { nodeIn } from '../../support/node.ts';
import { scratch } from '../../support/scratch.ts';
import { ask, follow } from './support.ts';

/** A node with so many messages to find, and how its streams behave. */
async function found(count: number, streams: object = {}) {
  const { node, as } = await nodeIn(scratch(), { streams });
  onTestFinished(() => node.close());
  const kai = as('kai');
  for (let i = 0; i < count; i++) await kai.messages.post('general', { text: `walrus ${i}` });
  return { node, kai, token: tokenOf(node.directory, 'kai') };
}

it('a query that cannot be meant is refused before the stream begins', async () => {
  const { node, token } = await found(1);
  const get = (q: string) => ask(`${node.url}/v1/search/stream?q=${encodeURIComponent(q)}`, { token });
  for (const [q, status, code] of [
    ['"open', 400, 'invalid_query'],
    ['', 400, 'invalid'],
    ['the of', 400, 'invalid_query'],
    ['from:nobody', 404, 'not_found'],
  ] as const) {
    const answer = await get(q);
    expect(answer.status, q).toBe(status);
    expect(answer.body).toMatchObject({ error: { code } });
  }
  const whole = await get('walrus');
  expect(whole.headers['content-type']).toContain('text/event-stream');
  expect(whole.text).toContain('event:part');
});

it('takes a place among the streams, and gives it back at the end and when its reader leaves', async () => {
  const { node, kai, token } = await found(40, { count: 1 });
  for (let i = 0; i < 3; i++) {
    // That a reader left is heard of soon, not at once.
    await vi.waitFor(async () => {
      const parts: SearchPart[] = [];
      for await (const part of kai.searchStream({ q: 'walrus' })) parts.push(part);
      expect(parts.flatMap(({ results }) => results)).toHaveLength(40);
    });
    for await (const part of kai.searchStream({ q: 'walrus' })) {
      expect(part.more).toBe(true);
      break;
    }
  }
  const events = await vi.waitFor(async () => {
    const stream = await follow(`${node.url}/v1/events`, token);
    expect(stream.status).toBe(200);
    return stream;
  });
  await expect(kai.searchStream({ q: 'walrus' })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'busy',
  });
  events.close();
});

it('a stream that ends before its last part is broken, and its reader is told', async () => {
  const part = { results: [], match: 'all', behind: 0, more: true };
  const server = createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    answer.end(`event: part\ndata: ${JSON.stringify(part)}\n\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const client = createClient({ url: `http://127.0.0.1:${port}`, token: 'none', member: 'kai' });
  const parts: SearchPart[] = [];
  const read = async () => {
    for await (const one of client.searchStream({ q: 'walrus' })) parts.push(one);
  };
  await expect(read()).rejects.toMatchObject({ code: 'unreachable' });
  expect(parts).toEqual([part]);
});
