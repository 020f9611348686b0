import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeTransport } from '../../relay/cli/reach/node-http.ts';
import { startNode } from '../../relay/node/node.ts';
import { tokenOf } from '../../relay/node/tokens.ts';
import { createClient } from '../../src/client/index.ts';
import { fetchTransport } from '../../src/client/transport.ts';
import { type FakeReplica, openFakeReplica } from '../support/fake-replica.ts';

const own = nodeTransport();

/** A feed of ten events whose node hangs up after every third, half way through the next. */
async function flaky(total: number): Promise<{ url: string; since: string[] }> {
  const since: string[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '', 'http://x');
    if (url.pathname === '/v1/status') {
      outgoing.end(JSON.stringify({ cursor: 'e.0' }));
      return;
    }
    const from = url.searchParams.get('since') ?? '';
    since.push(from);
    if (since.length === 2) {
      outgoing.writeHead(503, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify({ error: { code: 'closed', message: 'stopping', hint: '' } }));
      return;
    }
    send(outgoing, Number(from.split('.')[1]), total);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, since };
}

function send(outgoing: ServerResponse, after: number, total: number): void {
  outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let number = after + 1; number <= Math.min(after + 3, total); number++) {
    outgoing.write(
      `id: e.${number}\nevent: x\ndata: ${JSON.stringify({ cursor: `e.${number}`, type: 'x' })}\n\n`,
    );
  }
  if (after + 3 < total)
    outgoing.write(`id: e.${after + 4}\nevent: x\ndata: {"cur`, () => outgoing.destroy());
}

describe.each([
  ['fetch', fetchTransport],
  ['node:http', own.transport],
])('events over %s', (_, transport) => {
  it('come once each and in order while the node comes and goes', async () => {
    const { url, since } = await flaky(10);
    const stop = new AbortController();
    const seen: string[] = [];
    const lost: unknown[] = [];
    const client = createClient({ url, token: 't', transport });
    for await (const { cursor } of client.events({
      signal: stop.signal,
      lost: (error) => lost.push(error),
    })) {
      seen.push(cursor);
      if (seen.length === 10) stop.abort();
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (__, index) => `e.${index + 1}`));
    expect(since).toEqual(['e.0', 'e.3', 'e.3', 'e.6', 'e.9']);
    expect(lost.length).toBeGreaterThan(0);
  });

  it('reject when there is no node to begin with', async () => {
    const client = createClient({ url: 'http://127.0.0.1:1', token: 't', transport });
    const first = client.events({ since: '0' })[Symbol.asyncIterator]().next();
    await expect(first).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('wait for a node that answered just now and went away before the first connection', async () => {
    const client = createClient({ url: 'http://127.0.0.1:1', token: 't', transport });
    const stop = new AbortController();
    const codes: unknown[] = [];
    const lost = (error: unknown): void => {
      codes.push(error instanceof Error && 'code' in error ? error.code : error);
      if (codes.length === 2) stop.abort();
    };
    const first = client.events({ since: '0', answered: true, signal: stop.signal, lost });
    expect(await first[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    expect(codes).toEqual(['unreachable', 'unreachable']);
  });

  it('follow a real node: from now on, filtered, and refuse a foreign cursor', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'coterie-events-'));
    let fake: FakeReplica | undefined;
    const node = await startNode({
      directory,
      as: 'kai',
      port: 0,
      open: async (options) => {
        fake = await openFakeReplica(options);
        return fake;
      },
    });
    onTestFinished(async () => {
      await node.close();
      rmSync(directory, { recursive: true, force: true });
    });
    const client = createClient({ url: node.url, token: tokenOf(directory, 'kai'), transport });
    fake?.emit(2, 'before');
    const stop = new AbortController();
    const seen: unknown[] = [];
    setTimeout(() => fake?.emit(3, 'after'), 150);
    for await (const event of client.events({ signal: stop.signal, types: 'message.post' })) {
      seen.push('text' in event.data && event.data.text);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(['after', 'after', 'after']);
    const foreign = client.events({ since: 'other.1' })[Symbol.asyncIterator]().next();
    await expect(foreign).rejects.toMatchObject({ code: 'cursor_unknown' });
    const again = client.events({ since: '0' })[Symbol.asyncIterator]();
    expect((await again.next()).value?.data['text']).toBe('before');
    await again.return?.();
  });
});
