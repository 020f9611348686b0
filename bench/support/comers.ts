import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import { applyUpdate, Doc } from 'yjs';
import { readMessage, step1 } from '../../relay/rooms/room/wire.ts';
import { connect } from '../../src/yjs/index.ts';
import { type Server, startRelay } from './servers.ts';
import { createTexts } from './texts.ts';

const room = 'page';
/** Characters of the document. */
const size = 100_000;

/** What those found who came to a relay that had something for them. */
export interface Came {
  /** Clients whose first answer was not the whole document. */
  readonly lacking: number;
  readonly clients: number;
}

/** What went up when all clients of a relay came back at once, each with all that is there. */
export interface Returned {
  /** Updates with anything in them. */
  readonly uploads: number;
  /** Bytes of all messages that the clients sent, and of those that they got. */
  readonly sent: number;
  readonly received: number;
  readonly commits: number;
}

async function write(url: string): Promise<void> {
  const connection = connect({ url, room });
  const text = createTexts(1);
  const page = connection.doc.getText('page');
  while (page.length < size) page.insert(page.length, `${text()}\n`);
  await connection.stored();
  connection.close();
}

/** Comes with nothing and takes the first answer, whatever it is. */
async function first(url: string): Promise<number> {
  const socket = new WebSocket(`${url}/${room}`, { perMessageDeflate: false });
  await once(socket, 'open');
  const answered = new Promise<Uint8Array>((resolve) => {
    socket.on('message', (bytes: Buffer) => {
      const message = readMessage(bytes);
      if (message.kind === 'update' && message.whole) resolve(message.bytes);
    });
  });
  socket.send(step1(new Uint8Array([0])));
  const doc = new Doc();
  applyUpdate(doc, await answered);
  socket.terminate();
  return doc.getText('page').length;
}

async function come({ url }: Server, clients: number): Promise<Came> {
  const lengths = await Promise.all(Array.from({ length: clients }, () => first(url)));
  return { clients, lacking: lengths.filter((length) => length < size).length };
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'coterie-bench-relay-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Many come at once: to a room that is loaded, and to one of a relay that was killed and has loaded nothing yet. */
export const firstSyncs = (clients: number): Promise<{ loaded: Came; unloaded: Came }> =>
  inDirectory(async (directory) => {
    const relay = await startRelay(directory);
    await write(relay.url);
    const loaded = await come(relay, clients);
    await relay.end('SIGKILL');
    const again = await startRelay(directory);
    const unloaded = await come(again, clients);
    await again.end();
    return { loaded, unloaded };
  });

interface Counts {
  uploads: number;
  sent: number;
  received: number;
}

/** The socket of a stock client, which counts. */
function counting(counts: Counts): typeof globalThis.WebSocket {
  const Counting = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { perMessageDeflate: false });
      this.on('message', (bytes: Uint8Array | ArrayBuffer) => {
        counts.received += bytes.byteLength;
      });
    }
    override send(bytes: Uint8Array): void {
      const message = readMessage(bytes);
      counts.sent += bytes.length;
      // Whoever has nothing to say answers with an update of two bytes: no structs, no deletions.
      if (message.kind === 'update' && message.bytes.length > 2) counts.uploads += 1;
      super.send(bytes);
    }
  };
  return Counting as unknown as typeof globalThis.WebSocket;
}

async function commitsOf({ port }: Server): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^coterie_room_commits_total (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
}

const synced = (provider: WebsocketProvider): Promise<void> =>
  new Promise((resolve) => {
    if (provider.synced) resolve();
    else provider.on('sync', (is: boolean) => is && resolve());
  });

/** Stock providers with the whole document, whose relay is killed and comes back: they reconnect by themselves. */
export const comeBack = (clients: number): Promise<Returned> =>
  inDirectory(async (directory) => {
    const relay = await startRelay(directory);
    await write(relay.url);
    // Each provider listens for the end of the process.
    process.setMaxListeners(0);
    const counts: Counts = { uploads: 0, sent: 0, received: 0 };
    const Socket = counting(counts);
    const providers = Array.from({ length: clients }, () => {
      const doc = new Doc();
      return new WebsocketProvider(relay.url, room, doc, { WebSocketPolyfill: Socket, disableBc: true });
    });
    try {
      await Promise.all(providers.map(synced));
      await relay.end('SIGKILL');
      while (providers.some(({ synced: is }) => is)) await new Promise((resolve) => setImmediate(resolve));
      Object.assign(counts, { uploads: 0, sent: 0, received: 0 });
      const again = await startRelay(directory, relay.port);
      try {
        await Promise.all(providers.map(synced));
        return { ...counts, commits: await commitsOf(again) };
      } finally {
        await again.end();
      }
    } finally {
      for (const provider of providers) {
        provider.destroy();
        // Its awareness has a timer.
        provider.doc.destroy();
      }
    }
  });
