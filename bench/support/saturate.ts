import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Doc, parseUpdateMeta } from 'yjs';
import { readMessage, readNumber, step1, update } from '../../relay/rooms/room/wire.ts';
import type { Server } from './servers.ts';

/** How the protocol of y-websocket is spoken to a server. */
export interface Dialect {
  /** Subprotocols that are offered. */
  readonly offers: readonly string[];
  /** Stands in front of each message, both ways. */
  readonly head: Uint8Array;
  /** Sent first. */
  readonly greeting: readonly Uint8Array[];
  /** So many updates of this socket are acknowledged, by a message without its head; undefined for another message. */
  acknowledged(message: Uint8Array, before: number): number | undefined;
}

const nothing = new Uint8Array();
const room = 'bench';
const varString = (text: string): number[] => [text.length, ...Buffer.from(text)];

export const plain: Dialect = {
  offers: [],
  head: nothing,
  greeting: [],
  acknowledged: () => undefined,
};

export const ours: Dialect = {
  ...plain,
  offers: ['coterie.stored'],
  acknowledged: (bytes) => (bytes[0] === 120 ? readNumber({ bytes, at: 1 }) : undefined),
};

/** Each message is of a document, the first one brings a token, and each update is answered by a status. */
export const hocuspocus: Dialect = {
  ...plain,
  head: new Uint8Array(varString(room)),
  greeting: [new Uint8Array([2, 0, ...varString('token')])],
  acknowledged: (bytes, before) => (bytes[0] === 8 && bytes[1] === 1 ? before + 1 : undefined),
};

export interface Load {
  readonly clients: number;
  readonly seconds: number;
  readonly warming: number;
  /** Updates of one client that its neighbour has not seen. */
  readonly window: number;
}

/** Deliveries and acknowledged updates a second; processor time of either side as a share of one core. */
export interface Saturated {
  readonly deliveries: number;
  readonly acknowledged: number;
  readonly server: number;
  readonly client: number;
}

/** One writer and reader: it counts what the others wrote by their clocks, and applies nothing. */
interface Client {
  readonly doc: Doc;
  readonly socket: WebSocket;
  /** Clock of each client, as far as it was delivered here. */
  readonly seen: Map<number, number>;
  acknowledged: number;
  sent: number;
}

type Clocks = ReturnType<typeof parseUpdateMeta>['to'];

/** All clients get the same messages: each is read once, so that the server is what is measured. */
function createReader(): (bytes: Buffer) => Clocks | undefined {
  const recent: { readonly bytes: Buffer; readonly clocks: Clocks | undefined }[] = [];
  let next = 0;
  return (bytes) => {
    const known = recent.find((one) => one.bytes.equals(bytes));
    if (known) return known.clocks;
    const message = readMessage(bytes);
    const clocks = message.kind === 'update' ? parseUpdateMeta(message.bytes).to : undefined;
    recent[next] = { bytes, clocks };
    next = (next + 1) % 64;
    return clocks;
  };
}

async function join(
  { url }: Server,
  { offers, head, greeting, acknowledged }: Dialect,
  read: (bytes: Buffer) => Clocks | undefined,
  counted: (updates: number) => void,
): Promise<Client> {
  const socket = new WebSocket(`${url}/${room}`, [...offers], { perMessageDeflate: false });
  await once(socket, 'open');
  const client: Client = { doc: new Doc(), socket, seen: new Map(), acknowledged: 0, sent: 0 };
  const send = (message: Uint8Array): void => socket.send(Buffer.concat([head, message]));
  const synced = new Promise<void>((resolve) => {
    socket.on('message', (framed: Buffer) => {
      const bytes = framed.subarray(head.length);
      const so = acknowledged(bytes, client.acknowledged);
      if (so !== undefined) {
        client.acknowledged = so;
        return;
      }
      const clocks = read(bytes);
      if (clocks === undefined) return;
      resolve();
      let updates = 0;
      for (const [from, clock] of clocks) {
        const before = client.seen.get(from) ?? 0;
        if (clock <= before) continue;
        client.seen.set(from, clock);
        if (from !== client.doc.clientID) updates += clock - before;
      }
      counted(updates);
    });
  });
  client.doc.on('update', (bytes: Uint8Array) => send(update(bytes)));
  for (const message of [...greeting, step1(new Uint8Array([0]))]) send(message);
  await synced;
  return client;
}

/** Everybody writes as fast as its neighbour hears of it, all read everything. */
export async function saturate(server: Server, dialect: Dialect, load: Load): Promise<Saturated> {
  let delivered = 0;
  const read = createReader();
  const all: Client[] = [];
  const count = (updates: number): void => {
    delivered += updates;
  };
  for (let at = 0; at < load.clients; at += 1) all.push(await join(server, dialect, read, count));
  const push = (client: Client, at: number): void => {
    const heard = all[(at + 1) % all.length]?.seen.get(client.doc.clientID) ?? 0;
    const map = client.doc.getMap('m');
    for (; client.sent - heard < load.window; client.sent += 1) map.set(String(at), client.sent);
  };
  const look = () => ({
    at: performance.now(),
    delivered,
    acknowledged: all.reduce((sum, client) => sum + client.acknowledged, 0),
    server: server.spent() ?? 0,
    client: process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000,
  });
  const until = async (seconds: number): Promise<ReturnType<typeof look>> => {
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      all.forEach(push);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return look();
  };
  const from = await until(load.warming);
  const to = await until(load.seconds);
  for (const { socket } of all) socket.terminate();
  const passed = to.at - from.at;
  return {
    deliveries: ((to.delivered - from.delivered) / passed) * 1000,
    acknowledged: ((to.acknowledged - from.acknowledged) / passed) * 1000,
    server: (to.server - from.server) / passed,
    client: (to.client - from.client) / passed,
  };
}
