import type { Peer } from '../../../schemas/index.ts';
import { closeCodes, muxProtocol } from '../../../schemas/protocol.ts';
import { keyId } from '../../../src/op/index.ts';
import type { ReplicaSource } from '../../../src/replica/sync/index.ts';
import { sliceUpdate } from '../../../src/sync/guard/index.ts';
import { createLinks, type Session } from '../../../src/sync/index.ts';
import type { LinkState } from './protocol.ts';
import { nodeCrypto } from './stand-ins/keys.ts';

type Timer = (task: () => void, ms: number) => () => void;

/** The link of the page's replica with its node, kept up for ever. */
export interface Link {
  state(): LinkState;
  /** As `status` shows them. */
  peers(): Peer[];
  /** Dials now: the network is back. */
  hurry(): void;
  close(): void;
}

/** Waits between attempts, ms: doubled each time, up to the last, each made longer by up to half by lot. */
const first = 500;
const longest = 15_000;
/** The other end will not have this replica: no sooner than this, ms. */
const refused = 60_000;
/** How often what a socket has buffered is looked at while it is full: browsers tell nobody when it drains, ms. */
const look = 20;

const iso = (ms: number): string => new Date(ms).toISOString();
const isRefusal = (code: number): boolean =>
  code >= 4_400 && code < 4_500 && code !== closeCodes.silent && code !== closeCodes.duplicate;

/** What is ours is always an update of a log document; were it not, the other side says so. */
const slice = (update: Uint8Array, bytes: number): readonly Uint8Array[] => {
  const sliced = sliceUpdate(update, bytes);
  return sliced.verdict === 'sliced' ? sliced.updates : [update];
};

export function openLink(options: {
  readonly source: ReplicaSource;
  /** `ws://127.0.0.1:4270/mux`. */
  readonly url: string;
  readonly timer: Timer;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly onChange: (state: LinkState) => void;
}): Link {
  const { source, url, timer, now, random, onChange } = options;
  const links = createLinks(source, { timer, now, random, slice });
  let state: LinkState = { link: 'connecting', since: now(), synced: false, trouble: undefined };
  let attempts = 0;
  let cancel: (() => void) | undefined;
  let socket: WebSocket | undefined;
  let closed = false;
  /** Everything that differed at the first meeting has come: from then on what is here is whole. */
  let synced = false;

  function become(link: LinkState['link'], trouble?: string): void {
    if (state.link === link && state.trouble === trouble && state.synced === synced) return;
    state = { link, synced, since: state.link === link ? state.since : now(), trouble };
    onChange(state);
  }

  function wait(ms: number, trouble: string): void {
    if (closed) return;
    become('waiting', trouble);
    cancel?.();
    cancel = timer(dial, ms);
  }

  function heard(session: () => Session | undefined) {
    let publicKey: string | undefined;
    return (event: Parameters<NonNullable<Parameters<typeof links.connect>[0]['onEvent']>>[0]): void => {
      const own = session();
      if (event.type === 'admitted') {
        publicKey = event.publicKey;
        attempts = 0;
        become('linked');
        if (own) source.met({ session: own.id, publicKey });
      }
      if (event.type === 'equal' && publicKey !== undefined)
        source.equal(publicKey, event.logs).catch(() => undefined);
      if (event.type === 'synced') {
        // What came is judged first: until then it is not shown, and nobody would hear of it later.
        source
          .caughtUp()
          .then(() => source.idle())
          .then(
            () => {
              synced = true;
              become(state.link, state.trouble);
            },
            () => undefined,
          );
      }
      if (event.type === 'closed' && own) source.forget(own.id);
      if (event.type === 'progress') onChange(state);
    };
  }

  function dial(): void {
    if (closed) return;
    attempts += 1;
    become('connecting', state.trouble);
    const ws = new WebSocket(url);
    socket = ws;
    ws.binaryType = 'arraybuffer';
    let session: Session | undefined;
    let draining: (() => void) | undefined;
    /** Frames that came while the replica had too much to store. */
    let held: Uint8Array[] | undefined;
    function drain(): void {
      draining = undefined;
      if (ws.readyState !== WebSocket.OPEN) return;
      if (ws.bufferedAmount === 0) session?.drained();
      else draining = timer(drain, look);
    }
    ws.onopen = () => {
      session = links.connect({
        role: 'dial',
        transport: {
          send(frame) {
            if (ws.readyState !== WebSocket.OPEN) return;
            ws.send(new Uint8Array(frame));
            if (ws.bufferedAmount >= muxProtocol.congestedBytes) draining ??= timer(drain, look);
          },
          buffered: () => ws.bufferedAmount,
          // A page may send no other codes than its own.
          close: (code, reason) => ws.close(code >= 3_000 ? code : 1_000, reason.slice(0, 40)),
          pause() {
            held ??= [];
          },
          resume() {
            const came = held ?? [];
            held = undefined;
            for (const frame of came) session?.receive(frame);
          },
        },
        onEvent: heard(() => session),
      });
    };
    ws.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      const frame = new Uint8Array(data);
      if (held) held.push(frame);
      else session?.receive(frame);
    };
    ws.onclose = ({ code, reason }) => {
      draining?.();
      session?.closed(code, reason);
      if (socket !== ws) return;
      socket = undefined;
      if (closed) return;
      const pause = Math.min(longest, first * 2 ** Math.min(attempts, 8)) * (1 + Math.random() / 2);
      if (isRefusal(code)) wait(refused, reason === '' ? `refused with ${code}` : reason);
      else wait(pause, session ? 'the link broke' : 'the node does not answer');
    };
  }

  dial();
  return {
    state: () => state,
    peers: () =>
      links.status().peers.map(
        (peer): Peer => ({
          replica: keyId(nodeCrypto, peer.publicKey),
          url: url.replace(/^ws/, 'http').replace(/\/mux$/, ''),
          upstream: true,
          lan: false,
          state: peer.state === 'gone' ? 'gone' : 'linked',
          since: iso(peer.since),
          lag: peer.unstored,
          syncing: peer.syncing,
          acknowledged: peer.acknowledgedAt === undefined ? null : iso(peer.acknowledgedAt),
          compared: peer.comparedAt === undefined ? null : iso(peer.comparedAt),
          digest: peer.equal === undefined ? 'unknown' : peer.equal ? 'equal' : 'different',
          trouble: null,
        }),
      ),
    hurry() {
      if (state.link !== 'waiting') return;
      cancel?.();
      attempts = 0;
      dial();
    },
    close() {
      closed = true;
      cancel?.();
      links.close();
      socket?.close(1_000);
    },
  };
}
