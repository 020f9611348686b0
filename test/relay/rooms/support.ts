import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import { Doc, encodeStateVector } from 'yjs';
import { openLog } from '../../../relay/node/log.ts';
import { type OpenRelay, type OpenRelayOptions, startOpenRelay } from '../../../relay/rooms/open-relay.ts';
import { scratch } from '../../support/scratch.ts';

/** An open relay, closed after the test. */
export async function openRelay(options: Partial<OpenRelayOptions> = {}): Promise<OpenRelay> {
  const directory = options.directory ?? scratch();
  const relay = await startOpenRelay({ port: 0, log: openLog('silent'), ...options, directory });
  onTestFinished(() => relay.close());
  return relay;
}

/** Resolves once a condition holds, asked whenever something happens to a document or its awareness. */
export function until(client: Client, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!holds()) return;
      client.doc.off('update', look);
      client.provider.awareness.off('change', look);
      client.provider.off('status', look);
      resolve();
    };
    client.doc.on('update', look);
    client.provider.awareness.on('change', look);
    client.provider.on('status', look);
    look();
  });
}

/** A stock client. */
export interface Client {
  readonly doc: Doc;
  readonly provider: WebsocketProvider;
  synced(): Promise<void>;
  close(): void;
}

export function connect(url: string, room: string, doc = new Doc(), options: object = {}): Client {
  const provider = new WebsocketProvider(url, room, doc, {
    disableBc: true,
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    ...options,
  });
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    provider.destroy();
    doc.destroy();
  };
  onTestFinished(close);
  return {
    doc,
    provider,
    synced: () =>
      provider.synced
        ? Promise.resolve()
        : new Promise((resolve) => {
            const look = (state: boolean): void => {
              if (!state) return;
              provider.off('sync', look);
              resolve();
            };
            provider.on('sync', look);
          }),
    close,
  };
}

/** A bare socket that keeps what it hears. */
export interface Bare {
  readonly ws: WebSocket;
  readonly heard: Buffer[];
  /** Resolves with the first message that fits, also one of before. */
  message(fits: (bytes: Buffer) => boolean): Promise<Buffer>;
  closed(): Promise<{ code: number; reason: string }>;
}

export async function bare(url: string, protocols: string[] = []): Promise<Bare> {
  const ws = new WebSocket(url, protocols);
  const heard: Buffer[] = [];
  const looking = new Set<() => void>();
  ws.on('error', () => undefined);
  ws.on('message', (data: Buffer) => {
    heard.push(data);
    for (const look of looking) look();
  });
  const closing = once(ws, 'close') as Promise<[number, Buffer]>;
  // Whoever asks hears of it.
  closing.catch(() => undefined);
  onTestFinished(() => ws.terminate());
  await once(ws, 'open');
  return {
    ws,
    heard,
    message: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = heard.find(fits);
          if (found === undefined) return;
          looking.delete(look);
          resolve(found);
        };
        looking.add(look);
        look();
      }),
    closed: async () => {
      const [code, reason] = await closing;
      return { code, reason: reason.toString() };
    },
  };
}

/** True when two documents show and hold the same. */
export const same = (a: Doc, b: Doc): boolean =>
  Buffer.from(encodeStateVector(a)).equals(Buffer.from(encodeStateVector(b))) && shown(a) === shown(b);

/** What a document shows; which part was asked for first makes no difference. */
const shown = (doc: Doc): string => JSON.stringify(Object.entries(doc.toJSON()).sort());
