import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { openLog } from '../../relay/node/log.ts';
import { type Node, startNode } from '../../relay/node/node.ts';
import { tokenOf } from '../../relay/node/tokens.ts';
import { createClient } from '../../src/client/index.ts';
import { generateSeed, signerFromSeed } from '../../src/keys/node.ts';
import { decodeFrame, encodeControl, type Frame } from '../../src/sync/wire.ts';
import { type Home, home } from '../relay/cli/support.ts';
import { scratch } from '../support/scratch.ts';

async function start(user: Home, upstreams: readonly string[] = []): Promise<Node> {
  const node = await startNode({
    directory: user.data,
    config: join(user.path, 'config', 'coterie'),
    state: join(user.path, 'state', 'coterie'),
    as: 'kai',
    port: 0,
    log: openLog('silent'),
    upstreams,
  });
  onTestFinished(() => node.close());
  return node;
}

/** How a replica begins that speaks these versions, and something more than this one knows. */
function helloOf(workspace: string, versions: readonly number[]): Uint8Array {
  const { publicKey } = signerFromSeed(generateSeed());
  const random = new Uint8Array(randomBytes(32));
  const hello = encodeControl({
    type: 'hello',
    versions,
    workspace,
    publicKey,
    random,
    capabilities: ['later'],
  });
  return Uint8Array.from([...hello, 1, 2, 3]);
}

/** What a node says to whoever begins so, until the connection ends or it proves its key. */
async function greet(node: Node, versions: readonly number[]): Promise<{ said: Frame[]; code?: number }> {
  const socket = new WebSocket(`${node.url.replace('http', 'ws')}/mux`);
  const said: Frame[] = [];
  const ended = once(socket, 'close') as Promise<[number, Buffer]>;
  const proven = new Promise<undefined>((resolve) => {
    socket.on('message', (bytes: Buffer) => {
      const frame = decodeFrame(new Uint8Array(bytes));
      said.push(frame);
      if (frame.kind === 'control' && frame.message.type === 'prove') resolve(undefined);
    });
  });
  await once(socket, 'open');
  socket.send(helloOf(node.replica.workspace.id, versions));
  const end = await Promise.race([ended, proven]);
  socket.terminate();
  return end === undefined ? { said } : { said, code: end[0] };
}

it('SYN-5 MCH-14: a peer of a newer version is told so, shown as that, and hinders nobody', async () => {
  const user = home(scratch());
  let workspace = '';
  const server = createServer();
  const sockets = new WebSocketServer({ server, path: '/mux' });
  const closes: number[] = [];
  sockets.on('connection', (socket) => {
    socket.on('close', (code) => closes.push(code));
    socket.send(helloOf(workspace, [9, 8]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    sockets.close();
    server.closeAllConnections();
    server.close();
  });

  // Who dials: the workspace is known before the first link.
  const first = await start(user);
  workspace = first.replica.workspace.id;
  await first.close();
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const node = await start(user, [upstream]);
  const team = createClient({ url: node.url, token: tokenOf(user.data, 'kai') });
  await expect
    .poll(async () => (await team.status()).peers, { timeout: 60_000 })
    .toMatchObject([{ url: upstream, state: 'refused', trouble: { code: 'protocol_newer' } }]);
  expect(closes).toEqual([4406]);
  const shown = await user.run(['status']);
  expect(shown.stdout).toContain('it speaks no version of the protocol that this one knows');

  // Who is dialled says goodbye with the versions that it speaks, before it has proven anything.
  const { said, code } = await greet(node, [9, 8]);
  expect(code).toBe(4406);
  expect(said.map((frame) => frame.kind === 'control' && frame.message)).toMatchObject([
    { type: 'hello' },
    { type: 'bye', code: 4406, reason: 'no version in common: 1 here' },
  ]);
  // One that speaks this version too is spoken with, whatever else it says in its hello.
  const both = await greet(node, [9, 1]);
  expect(both.code).toBeUndefined();
  await team.messages.post('general', { text: 'and it goes on' });
}, 60_000);
