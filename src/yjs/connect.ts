import { readVarUint } from 'lib0/decoding';
import type { Awareness } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { CoterieError, type ErrorCode } from '../../schemas/index.ts';
import { closeCodes } from '../../schemas/protocol.ts';
import { type Credential, createCredentials } from './credential.ts';
import { platformSocket, type SocketClass } from './socket.ts';

/** Where a document is live: in a workspace that a node has, or under any name on an open relay. */
export type Room = { readonly workspace: string; readonly document: string } | { readonly room: string };

export type ConnectOptions = Room & {
  /** Address of the node or relay; `http:` and `https:` are taken for `ws:` and `wss:`. */
  readonly url: string;
  /** Made when absent. */
  readonly doc?: Y.Doc | undefined;
  /**
   * Bearer token of a member, or what makes a fresh proof of key for each session and before the one at hand is over; goes
   * in `Sec-WebSocket-Protocol`, never in the URL.
   */
  readonly token?: Credential | undefined;
  readonly awareness?: Awareness | undefined;
  /** Another class than the platform's. */
  readonly WebSocket?: SocketClass | undefined;
  /** Longest wait between two attempts, ms; 10 s unless given. */
  readonly maxBackoff?: number | undefined;
};

/** What a wait takes. */
export interface WaitOptions {
  /** Once it aborts, the wait rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A document that is live on a relay. */
export interface Connection {
  readonly doc: Y.Doc;
  readonly awareness: Awareness;
  readonly connected: boolean;
  /**
   * Resolves once the relay's state is here. Rejects with `closed` when the connection is closed before, and with the
   * reason of `signal` once that aborts.
   */
  synced(options?: WaitOptions): Promise<void>;
  /**
   * Resolves once everything that the document holds now is durable at the relay, over as many reconnections as it
   * takes. Only a relay of Coterie says so: with others it waits until the connection is closed, and rejects with `closed`;
   * or until `signal` aborts, and rejects with its reason: what is on its way is stored all the same.
   */
  stored(options?: WaitOptions): Promise<void>;
  /** Leaves. What was not stored stays in the document alone. */
  close(): void;
}

const messageSync = 0;
const messageStored = 120;
const step1 = 0;
const step2 = 1;

/** What was sent over one socket, and what of it the relay called durable. */
interface Sending {
  updates: number;
  stored: number;
  /** The relay asked what it lacks, and was answered: from then on it has, or was sent, everything. */
  answered: boolean;
}

const fresh = (): Sending => ({ updates: 0, stored: 0, answered: false });

/**
 * A plain y-websocket connection to a relay, which says what is durable. It reconnects until it is closed. Throws
 * `invalid` for an address that is none.
 *
 * @example
 * ```ts
 * import { createClient } from 'coterie/client';
 * import { connect } from 'coterie/yjs';
 *
 * const { COTERIE_URL: url = 'http://127.0.0.1:4270', COTERIE_TOKEN: token } = process.env;
 * const { workspace } = await createClient({ url, token }).status();
 * const pad = connect({ url, workspace: workspace.id, document: 'pad/notes', token });
 * pad.doc.getText('notes').insert(0, 'together');
 * await pad.stored({ signal: AbortSignal.timeout(10_000) });
 * console.log(pad.doc.getText('notes').toString()); //=> together
 * pad.close();
 * ```
 */
export function connect(options: ConnectOptions): Connection {
  const { maxBackoff = 10_000 } = options;
  const doc = options.doc ?? new Y.Doc();
  let sending = fresh();
  let closed = false;
  /** Why the relay will not have this client; it does not try again. */
  let refusal: CoterieError | undefined;
  const waiting = new Set<{ done(): boolean; resolve(): void; reject(error: unknown): void }>();

  const look = (): void => {
    for (const wait of [...waiting]) {
      if (!wait.done()) continue;
      waiting.delete(wait);
      wait.resolve();
    }
  };
  const until = (done: () => boolean, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (refusal) return reject(refusal);
      if (closed) return reject(left());
      if (done()) return resolve();
      const end = () => signal?.removeEventListener('abort', abort);
      const wait = {
        done,
        resolve() {
          end();
          resolve();
        },
        reject(error: unknown) {
          end();
          reject(error);
        },
      };
      const abort = () => {
        waiting.delete(wait);
        wait.reject(signal?.reason);
      };
      waiting.add(wait);
      signal?.addEventListener('abort', abort, { once: true });
    });

  const credentials = createCredentials(options.token, (message) => {
    provider.protocols = credentials.protocols;
    if (provider.wsconnected) provider.ws?.send(message as Uint8Array<ArrayBuffer>);
  });
  const provider: WebsocketProvider = new WebsocketProvider(relayUrl(options), roomOf(options), doc, {
    connect: false,
    disableBc: true,
    // Its default is the platform's class, which Node 20 has not; the right one is set before it connects.
    WebSocketPolyfill: class {} as unknown as SocketClass,
    maxBackoffTime: maxBackoff,
    protocols: credentials.protocols,
    ...(options.awareness ? { awareness: options.awareness } : {}),
  });
  provider.messageHandlers[messageStored] = (_encoder, decoder) => {
    sending.stored = readVarUint(decoder);
    look();
  };
  provider.on('sync', look);
  provider.on('connection-close', () => {
    sending = fresh();
  });

  /** Counts what is sent: every sync message but the first step is an update that the relay stores. */
  const counting = (Base: SocketClass): SocketClass => {
    class Counting extends Base {
      readonly #sending = fresh();
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        sending = this.#sending;
      }
      override send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
        if (data instanceof Uint8Array && data[0] === messageSync && data[1] !== step1) {
          this.#sending.updates++;
          if (data[1] === step2) this.#sending.answered = true;
        }
        super.send(data as Uint8Array<ArrayBuffer>);
      }
    }
    return Counting as unknown as SocketClass;
  };

  /** With the newest credential; what cannot be had is asked for again after a while. */
  async function dial(): Promise<void> {
    try {
      await credentials.refresh();
    } catch {
      setTimeout(() => void dial(), maxBackoff);
      return;
    }
    if (closed) return;
    provider.protocols = credentials.protocols;
    provider.connect();
  }

  /** A proof may have run out while nobody looked: then one more is tried, and none after that. */
  let tried = false;
  provider.on('sync', (isSynced: boolean) => {
    if (isSynced) tried = false;
  });
  provider.on('closed', ({ code, reason }: { code: number; reason: string }) => {
    if (code === closeCodes.unproven && credentials.renewable && !tried) {
      tried = true;
      void dial();
      return;
    }
    refusal = refusalOf(code, reason);
    credentials.stop();
    for (const { reject } of waiting) reject(refusal);
    waiting.clear();
  });
  void (options.WebSocket ? Promise.resolve(options.WebSocket) : platformSocket()).then((found) => {
    if (closed) return;
    provider._WS = counting(found);
    void dial();
  });

  return {
    doc,
    awareness: provider.awareness,
    get connected() {
      return provider.wsconnected;
    },
    synced: ({ signal } = {}) => until(() => provider.synced, signal),
    stored({ signal } = {}) {
      // What is asked for is what is sent by now over this socket, or all that the next one is answered with.
      const socket = sending;
      const updates = socket.answered ? socket.updates : undefined;
      return until(
        () =>
          sending === socket && updates !== undefined
            ? sending.stored >= updates
            : sending.answered && sending.stored >= sending.updates,
        signal,
      );
    },
    close() {
      if (closed) return;
      closed = true;
      credentials.stop();
      provider.destroy();
      // It renews itself every few seconds, which would keep the process alive.
      if (!options.awareness) provider.awareness.destroy();
      for (const { reject } of waiting) reject(left());
      waiting.clear();
    },
  };
}

const refusals: Readonly<Record<number, ErrorCode>> = {
  [closeCodes.unproven]: 'unauthorized',
  [closeCodes.stranger]: 'not_admitted',
  [closeCodes.workspace]: 'not_found',
};

const refusalOf = (code: number, reason: string): CoterieError =>
  new CoterieError(refusals[code] ?? 'closed', `The relay refused the connection (${code}): ${reason}`);

const left = (): CoterieError => new CoterieError('closed', 'The connection to the relay is closed.');

const roomOf = (place: Room): string => ('room' in place ? place.room : place.document);

/** The address under which rooms stand. Throws `invalid` for what is no address. */
function relayUrl(options: ConnectOptions): string {
  const { url } = options;
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new CoterieError('invalid', `${url} is not the address of a relay.`);
  }
  parsed.protocol = parsed.protocol.replace(/^http/, 'ws');
  if (!/^wss?:$/.test(parsed.protocol))
    throw new CoterieError('invalid', `${url} is not the address of a relay.`, {
      hint: 'It begins with ws://, wss://, http:// or https://.',
    });
  parsed.search = '';
  parsed.hash = '';
  const base = parsed.href.replace(/\/+$/, '');
  return 'room' in options ? base : `${base}/sync/${options.workspace}`;
}
