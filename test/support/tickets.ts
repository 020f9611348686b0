import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { fetchTransport } from '../../src/client/transport.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import {
  askForTicket,
  type OpenedTicket,
  readTicket,
  sealPackage,
  type TicketContent,
  writeTicket,
} from '../../src/machines/ticket/index.ts';
import { pooledRandom } from '../../src/replica/random.ts';

/** What a ticket stands for, as its relay tells. */
export const opened = (ticket: string): Promise<OpenedTicket> =>
  askForTicket(ticket, { crypto: nodeCrypto, transport: fetchTransport });

/** The same ticket, at another address. */
export const movedTo = (ticket: string, url: string): string =>
  writeTicket(nodeCrypto, { ...readTicket(nodeCrypto, ticket), url });

/** Something that listens and answers as told: a body that is no text as JSON. */
export async function answering(
  answer: (path: string) => { readonly status?: number; readonly type?: string; readonly body: unknown },
): Promise<string> {
  const server = createServer(({ url = '' }, outgoing) => {
    const { status = 200, type = 'application/json', body } = answer(url);
    outgoing
      .writeHead(status, { 'content-type': type })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A ticket with another content, made by who has it, at a relay that claims to be the first one. */
export async function changed(ticket: string, more: Partial<TicketContent>): Promise<string> {
  const { secret } = readTicket(nodeCrypto, ticket);
  const { seed: _, ...content } = await opened(ticket);
  const sealed = sealPackage(secret, { ...content, ...more }, pooledRandom);
  const relay = { mode: 'node', key: content.key, protocols: [1], version: '1.0.0' };
  const url = await answering((path) => ({
    body: path === '/v1/relay' ? relay : { sealed, expires: content.expires },
  }));
  return movedTo(ticket, url);
}
