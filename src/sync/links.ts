import { closeCodes } from '../../schemas/protocol.ts';
import type { SyncSource } from './port.ts';
import {
  createSession,
  type MetPeer,
  type Session,
  type SessionEvent,
  type SessionOptions,
  type SessionStatus,
  type SessionTransport,
  type Timer,
} from './session.ts';
import { createSettling, type Marked, type Settled, type SettledWanted } from './settled.ts';

/** What is known of a peer, also after its session ended. */
export interface PeerStatus {
  /** Ed25519, base64url. */
  readonly publicKey: string;
  /** Whether a session is open with it now, and how far that is. */
  readonly state: 'syncing' | 'live' | 'gone';
  /** Since when it is in this state, ms. */
  readonly since: number;
  /** Documents that are not in step yet. */
  readonly syncing: number;
  /** Messages with data that were sent and are not known to be durable there. */
  readonly unstored: number;
  /** Messages with data that came from it and are durable here. */
  readonly received: number;
  /** When it last acknowledged something, ms. */
  readonly acknowledgedAt: number | undefined;
  /** Whether the digests of the workspace were equal when they were last compared, and when that was, ms. */
  readonly equal: boolean | undefined;
  readonly comparedAt: number | undefined;
  readonly lagging: boolean;
  /** The connection is encrypted by the two replicas themselves, and their proofs are of it alone. */
  readonly bound: boolean;
}

/** What happened in all sessions since they began. */
export interface LinkCounts {
  /** Updates that no honest replica sends: each ended its session. */
  readonly refused: number;
  /** Updates of which a part had to wait for what it follows. */
  readonly parked: number;
  /** Parts that waited, and were taken when that came. */
  readonly released: number;
  /** Entries and bodies that came by key, since documents differed after their updates. */
  readonly repaired: number;
  /** Sessions that ended, by close code. */
  readonly closes: ReadonlyMap<number, number>;
}

export interface Links {
  /** Opens a session over a transport, which is connected. The caller hands it frames, `drained` and `closed`. */
  connect(options: {
    readonly role: 'dial' | 'listen';
    readonly transport: SessionTransport;
    /** The only key that may answer. */
    readonly expect?: string | undefined;
    readonly onEvent?: ((event: SessionEvent) => void) | undefined;
  }): Session;
  sessions(): readonly Session[];
  /**
   * For a session that is over: calls `ended` once no session with the replica that it met stands any more. Returns what
   * cancels that; undefined when none stands.
   */
  whenAlone(session: Session, ended: () => void): (() => void) | undefined;
  status(): { readonly peers: readonly PeerStatus[] } & LinkCounts;
  /**
   * Waits until everything that is durable here at the call is durable at so many peers, for `timeoutMs` at most. Peers
   * that come meanwhile count. Rejects only once `signal` aborts.
   */
  settled(wanted: SettledWanted): Promise<Settled>;
  /**
   * From now on this counts as a peer that keeps what is here: a mailbox, whose key is its relay's. `heard` is to be called
   * whenever it has more, `gone` when its session is over.
   */
  keeps(other: Marked): { heard(): void; gone(): void };
  /** Closes all sessions; later ones are refused. */
  close(): void;
}

export interface LinksOptions {
  readonly timer: Timer;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly slice: SessionOptions['slice'];
}

/** Peers without a session that are remembered. */
const remembered = 256;

/** Sessions of one key, of as many openings as it names: more than a directory has copies, and few enough for a relay. */
const sessionsOfKey = 4;

interface Link {
  readonly session: Session;
  readonly bound: boolean;
  publicKey: string | undefined;
  /** Which process of that key it is: a directory that was copied has two. */
  opening: string | undefined;
  /** It was in step once. */
  live: boolean;
  since: number;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** All sessions of one replica: gives them each durable update, keeps one a peer, and knows what is stored where. */
export function createLinks(source: SyncSource, options: LinksOptions): Links {
  const { now } = options;
  const links = new Map<number, Link>();
  const others = new Set<Marked>();
  const settling = createSettling(() => [...links.values(), ...others], options.timer);
  const gone = new Map<string, PeerStatus>();
  const alone = new Set<{ readonly peer: MetPeer; ended(): void }>();
  /** What the last few sessions that ended said in their hello: the other end of one may be judged only now. */
  const ended: Uint8Array[] = [];
  const opening = options.random(8);
  let lastId = 0;
  const counts = { refused: 0, parked: 0, released: 0, repaired: 0, closes: new Map<number, number>() };
  let open = true;

  const stop = source.onUpdate((update) => {
    for (const { session } of links.values()) session.update(update);
  });

  const stopKey = source.onKey(() => {
    for (const { session } of [...links.values()])
      session.close(closeCodes.goingAway, 'this replica took another key');
  });

  const peerOf = (
    { session, publicKey, since, bound }: Link,
    status: SessionStatus,
  ): PeerStatus | undefined =>
    publicKey === undefined
      ? undefined
      : {
          publicKey,
          state: !links.has(session.id) ? 'gone' : status.state.phase === 'live' ? 'live' : 'syncing',
          since,
          syncing: status.syncing,
          unstored: status.sent - status.stored,
          received: status.received,
          acknowledgedAt: status.acknowledgedAt,
          equal: status.equal,
          comparedAt: status.comparedAt,
          lagging: status.lagging,
          bound,
        };

  /** Who dialled the session. */
  const dialler = ({ session }: Link, publicKey: string): string =>
    session.role === 'dial' ? source.publicKey : publicKey;

  /**
   * Of two sessions with one peer the one that the lower key dialled stays. Of two that one side dialled the later
   * stays: that side alone closes the other, since both need not see them in one order.
   */
  function keepOne(link: Link, publicKey: string, opening: string): void {
    for (const other of [...links.values()]) {
      if (other === link || other.publicKey !== publicKey || other.opening !== opening) continue;
      const [own, before] = [dialler(link, publicKey), dialler(other, publicKey)];
      if (own === before && link.session.role === 'listen') continue;
      const loser = own <= before ? other : link;
      loser.session.close(closeCodes.duplicate, 'another session with this replica stays');
      if (loser === link) return;
    }
  }

  /** An opening is what the peer says it is, so keeping one of each is no bound. */
  function keepFew(publicKey: string): void {
    const all = [...links.values()].filter((link) => link.publicKey === publicKey);
    for (const { session } of all.slice(0, -sessionsOfKey))
      session.close(closeCodes.busy, 'too many sessions of one key');
  }

  function admitted(link: Link, publicKey: string, opening: string): void {
    // First: while one of two ends, the other is known as what stays.
    link.opening = opening;
    link.publicKey = publicKey;
    link.since = now();
    keepOne(link, publicKey, opening);
    if (!links.has(link.session.id)) return;
    gone.delete(publicKey);
    keepFew(publicKey);
  }

  const stands = ({ publicKey, opening }: MetPeer): boolean =>
    [...links.values()].some((link) => link.publicKey === publicKey && link.opening === opening);

  function end(link: Link, code: number): void {
    links.delete(link.session.id);
    for (const one of [...alone]) if (!stands(one.peer) && alone.delete(one)) one.ended();
    ended.push(link.session.hello);
    if (ended.length > remembered) ended.shift();
    settling.gone(link);
    const peer = peerOf({ ...link, since: now() }, link.session.status());
    if (!peer || [...links.values()].some((other) => other.publicKey === peer.publicKey)) return;
    gone.delete(peer.publicKey);
    if (code === closeCodes.letGo) return;
    gone.set(peer.publicKey, peer);
    const [oldest] = gone.keys();
    if (gone.size > remembered && oldest !== undefined) gone.delete(oldest);
  }

  function onEvent(link: Link, event: SessionEvent): void {
    if (event.type === 'admitted') admitted(link, event.publicKey, event.opening);
    else if (event.type === 'refused') counts.refused++;
    else if (event.type === 'parked') counts.parked++;
    else if (event.type === 'released') counts.released += event.parts;
    else if (event.type === 'repaired') counts.repaired += event.keys;
    else if (event.type === 'closed') {
      counts.closes.set(event.code, (counts.closes.get(event.code) ?? 0) + 1);
      end(link, event.code);
    } else if (event.type === 'synced' && !link.live) {
      link.live = true;
      link.since = now();
    }
    settling.heard(link);
  }

  return {
    connect({ role, transport, expect, onEvent: listener }) {
      const id = ++lastId;
      /** Told once the session is here: it may end in the making. */
      const early: SessionEvent[] = [];
      const held: { link?: Link } = {};
      const session = createSession({
        id,
        role,
        source,
        transport,
        timer: options.timer,
        now,
        random: options.random,
        opening,
        slice: options.slice,
        expect,
        isOwn: (random) =>
          [...links.values()].some((other) => sameBytes(other.session.hello, random)) ||
          ended.some((other) => sameBytes(other, random)),
        onEvent(event) {
          if (held.link) onEvent(held.link, event);
          else early.push(event);
          listener?.(event);
        },
      });
      const link: Link = {
        session,
        bound: (transport.binding ?? '') !== '',
        publicKey: undefined,
        opening: undefined,
        live: false,
        since: now(),
      };
      links.set(id, link);
      held.link = link;
      for (const event of early) onEvent(link, event);
      if (!open) session.close(closeCodes.goingAway, 'closing');
      return session;
    },

    sessions: () => [...links.values()].map(({ session }) => session),

    whenAlone(session, ended) {
      const peer = session.met();
      if (!peer || !stands(peer)) return undefined;
      const one = { peer, ended };
      alone.add(one);
      return () => void alone.delete(one);
    },

    status() {
      const peers = new Map(gone);
      for (const link of links.values()) {
        const peer = peerOf(link, link.session.status());
        if (peer) peers.set(peer.publicKey, peer);
      }
      return { peers: [...peers.values()], ...counts };
    },

    settled: settling.settled,

    keeps(other) {
      others.add(other);
      settling.heard(other);
      return {
        heard: () => others.has(other) && settling.heard(other),
        gone() {
          others.delete(other);
          settling.gone(other);
        },
      };
    },

    close() {
      if (!open) return;
      open = false;
      stop();
      stopKey();
      alone.clear();
      for (const { session } of [...links.values()]) session.close(closeCodes.goingAway, 'closing');
      settling.close();
    },
  };
}
