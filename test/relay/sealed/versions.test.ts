import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { closeCodes } from '../../../schemas/protocol.ts';
import { sealedProtocol } from '../../../schemas/sealed.ts';
import { newId, newSigner } from '../../seal/mailbox/support.ts';
import { scratch } from '../../support/scratch.ts';
import { machine, once } from './machines.ts';
import { dial, startRelay } from './support.ts';

/** A relay of a later version alone, which sends away whoever does not speak it. */
async function laterRelay(): Promise<{ readonly url: string; readonly met: number[] }> {
  const info = { mode: 'sealed', key: newSigner().publicKey, protocols: [9], version: '9.0.0' };
  const server = createServer((_, outgoing) => {
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(info));
  });
  const met: number[] = [];
  const sockets = new WebSocketServer({ server, handleProtocols: () => sealedProtocol.subprotocol });
  sockets.on('connection', (socket) => {
    socket.once('message', (frame: Buffer) => {
      met.push(frame[0] ?? -1);
      socket.close(closeCodes.version, 'no version in common: 9 here');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    sockets.close();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, met };
}

it('SLD-23: a replica tells that a sealed relay speaks a later version alone, and goes on without it', async () => {
  const one = await machine(scratch(), 'ana', 'home');
  await one.client.messages.post('general', { text: 'hello' });
  const { url, met } = await laterRelay();
  await one.client.remotes.add({ url });
  await once(one, async () =>
    (await one.client.remotes.list()).items.some(({ trouble }) => trouble?.code === 'protocol_newer'),
  );
  expect(met[0]).toBe(0);
  expect((await one.client.messages.post('general', { text: 'and on' })).text).toBe('and on');
});

it('SLD-23: a later replica that speaks this version too is spoken with in it, one that does not is told', async () => {
  const relay = await startRelay({ open: true });
  onTestFinished(() => relay.close());
  const both = await dial(relay, newSigner(), newId());
  both.send({ type: 'hello', versions: [9, 1], capabilities: ['unheard of'] });
  expect(await both.next('hello')).toMatchObject({ version: 1 });
  const later = await dial(relay, newSigner(), newId());
  later.send({ type: 'hello', versions: [9, 8], capabilities: [] });
  expect((await later.end()).code).toBe(closeCodes.version);
});
