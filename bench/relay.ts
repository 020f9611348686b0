import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { Doc, parseUpdateMeta } from 'yjs';
import { readMessage, readNumber, step1, update } from '../relay/rooms/wire.ts';
import { type Asked, type Result, result } from './support/report.ts';

const clients = 50;
const seconds = 5;
const warming = 1;
/** Updates of one client that its neighbour has not seen. */
const window = 64;

/** One writer and reader: it counts what the others wrote by their clocks, and applies nothing. */
interface Client {
  readonly doc: Doc;
  readonly socket: WebSocket;
  /** Clock of each client, as far as it was delivered here. */
  readonly seen: Map<number, number>;
  stored: number;
  sent: number;
}

async function open(url: string, counted: (client: Client, updates: number) => void): Promise<Client> {
  const socket = new WebSocket(`${url}/bench`, ['coterie.stored'], { perMessageDeflate: false });
  await once(socket, 'open');
  const client: Client = { doc: new Doc(), socket, seen: new Map(), stored: 0, sent: 0 };
  socket.on('message', (bytes: Buffer) => {
    if (bytes[0] === 120) {
      client.stored = readNumber({ bytes, at: 1 });
      return;
    }
    const message = readMessage(bytes);
    if (message.kind !== 'update') return;
    let updates = 0;
    for (const [from, clock] of parseUpdateMeta(message.bytes).to) {
      const before = client.seen.get(from) ?? 0;
      if (clock <= before) continue;
      client.seen.set(from, clock);
      if (from !== client.doc.clientID) updates += clock - before;
    }
    counted(client, updates);
  });
  client.doc.on('update', (bytes: Uint8Array) => socket.send(update(bytes)));
  socket.send(step1(new Uint8Array([0])));
  return client;
}

interface Saturated {
  readonly deliveries: number;
  readonly stored: number;
}

/** Everybody writes as fast as its neighbour hears of it, all read everything. Deliveries and durable updates a second. */
async function saturate(url: string): Promise<Saturated> {
  let delivered = 0;
  const all: Client[] = [];
  const push = (client: Client): void => {
    const next = all[(all.indexOf(client) + 1) % all.length];
    const heard = next?.seen.get(client.doc.clientID) ?? 0;
    for (; client.sent - heard < window; client.sent += 1) client.doc.getMap('m').set('k', client.sent);
  };
  for (let at = 0; at < clients; at += 1) {
    all.push(
      await open(url, (_client, updates) => {
        delivered += updates;
      }),
    );
  }
  const until = performance.now() + (warming + seconds) * 1000;
  let began = performance.now();
  let from = { delivered: 0, stored: 0 };
  const stored = (): number => all.reduce((sum, client) => sum + client.stored, 0);
  let warm = false;
  while (performance.now() < until) {
    for (const client of all) push(client);
    await new Promise((resolve) => setImmediate(resolve));
    if (warm || performance.now() - began < warming * 1000) continue;
    warm = true;
    began = performance.now();
    from = { delivered, stored: stored() };
  }
  const passed = (performance.now() - began) / 1000;
  const rates = {
    deliveries: (delivered - from.delivered) / passed,
    stored: (stored() - from.stored) / passed,
  };
  for (const { socket } of all) socket.terminate();
  return rates;
}

async function run(): Promise<Saturated> {
  const directory = mkdtempSync(join(tmpdir(), 'coterie-bench-relay-'));
  const main = fileURLToPath(new URL('../relay/cli/main.js', import.meta.url));
  const args = [main, 'relay', '--open', '--port', '0', '--data', directory, '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const { url } = JSON.parse(said.toString()) as { url: string };
    return await saturate(url);
  } finally {
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The open relay, 50 clients on one document who all write and read as fast as they can, in one process beside it. */
export async function relay(asked: Asked): Promise<Result[]> {
  const runs: Saturated[] = [];
  for (let at = 0; at < asked.pairs; at += 1) runs.push(await run());
  return [
    result(
      `${clients} clients on one document, deliveries`,
      '/s',
      runs.map(({ deliveries }) => deliveries),
    ),
    result(
      'updates stored and acknowledged',
      '/s',
      runs.map(({ stored }) => stored),
    ),
  ];
}
