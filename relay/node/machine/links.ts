import type { Hash, Peer } from '../../../schemas/index.ts';
import { closeCodes } from '../../../schemas/protocol.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { keyId } from '../../../src/op/index.ts';
import type { ReplicaSource } from '../../../src/replica/sync/index.ts';
import { sliceUpdate } from '../../../src/sync/guard/index.ts';
import {
  createLinks,
  type Links,
  type PeerStatus,
  type Session,
  type SyncSource,
} from '../../../src/sync/index.ts';
import { openDialler } from '../../mux/dial.ts';
import type { DialledLink } from './connect.ts';
import type { Dial, LinkState, Trouble } from './port.ts';

type Timer = (task: () => void, ms: number) => () => void;

export interface SocketLinksOptions {
  readonly source: Followed;
  readonly timer: Timer;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
}

/** The links of a replica, and how it dials others over WebSockets. */
export interface SocketLinks {
  /** All of them; sessions that come in are made here too. */
  readonly links: Links;
  readonly dial: Dial;
  /** All links as `status` shows them; `dialled` are those that the machine keeps up. */
  peers(dialled: readonly DialledLink[]): Peer[];
}

const troubles: Readonly<Record<number, Trouble | undefined>> = {
  [closeCodes.unproven]: {
    code: 'unauthorized',
    message: 'the key of one side was not proved',
    refused: true,
  },
  [closeCodes.stranger]: {
    code: 'forbidden',
    message: 'one side is no replica of this workspace, or was revoked',
    refused: true,
  },
  [closeCodes.workspace]: { code: 'conflict', message: 'another workspace is there', refused: true },
  [closeCodes.version]: {
    code: 'protocol_newer',
    message: 'it speaks no version of the protocol that this one knows',
    refused: true,
  },
  [closeCodes.self]: {
    code: 'conflict',
    message: 'it has this replica’s own key: a copy of the directory',
    refused: true,
  },
  [closeCodes.refused]: { code: 'invalid', message: 'an update was refused that no honest replica sends' },
  [closeCodes.busy]: { code: 'busy', message: 'it has too many sessions' },
  [closeCodes.failed]: { code: 'storage_failed', message: 'one side failed' },
};

/** Each proof names its connection, so one that was handed on from another connection does not hold. */
const between: Trouble = {
  code: 'unauthorized',
  message: 'no proof of this very connection was given: something may stand between the two',
  refused: true,
};

/** Why a link ended, if that needs telling: that another link with the same replica stays does not. */
function troubleOf(code: number, reason: string, bound: boolean): Trouble | undefined {
  if (code === closeCodes.duplicate) return undefined;
  if (code === closeCodes.unproven && bound) return between;
  return troubles[code] ?? { code: 'unreachable', message: reason === '' ? 'the link broke' : reason };
}

const muxOf = (url: string): string => `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/mux`;

/** A replica tells its source when a session ended, and when one is in step with it. */
type Followed = SyncSource & Partial<Pick<ReplicaSource, 'forget' | 'caughtUp' | 'equal' | 'met'>>;

/** `connect`, with the source hearing of what becomes of each session. */
function followed(links: Links, source: Followed): Links['connect'] {
  return (options) => {
    const held: { session?: Session; publicKey?: string } = {};
    const session = links.connect({
      ...options,
      onEvent(event) {
        options.onEvent?.(event);
        const { session: own } = held;
        if (event.type === 'admitted') held.publicKey = event.publicKey;
        if (event.type === 'equal' && held.publicKey !== undefined)
          source.equal?.(held.publicKey, event.logs).catch(() => undefined);
        if (event.type === 'admitted' && own) source.met?.({ session: own.id, publicKey: event.publicKey });
        if (event.type === 'closed' && own) source.forget?.(own.id);
        // Each has what the other had: a restored directory knows what it wrote before, and may write again.
        if (event.type === 'synced') source.caughtUp?.().catch(() => undefined);
      },
    });
    held.session = session;
    return session;
  };
}

/** What is ours is always an update of a log document; were it not, the other side says so. */
const slice = (update: Uint8Array, bytes: number): readonly Uint8Array[] => {
  const sliced = sliceUpdate(update, bytes);
  return sliced.verdict === 'sliced' ? sliced.updates : [update];
};

export function openSocketLinks({ source, timer, now, random }: SocketLinksOptions): SocketLinks {
  const plain = createLinks(source, { timer, now, random, slice });
  const links: Links = { ...plain, connect: followed(plain, source) };
  const dial: Dial = ({ url, expect, secure }, changed) => {
    let state: LinkState = 'connecting';
    let trouble: Trouble | undefined;
    let answered: string | undefined;
    let ended: { readonly code: number; readonly reason: string } | undefined;
    let session: Session | undefined;
    let parked = false;
    // The dialler begins at once, and nobody may hear of it before this has returned.
    let telling = false;
    const become = (next: LinkState): void => {
      if (state === next) return;
      state = next;
      if (telling) changed();
    };
    const dialler = openDialler({
      url: muxOf(url),
      secure,
      timer,
      random,
      standing: (over) => session && links.whenAlone(session, over),
      join(role, transport) {
        session = links.connect({
          role,
          transport,
          ...(expect === undefined ? {} : { expect }),
          onEvent(event) {
            if (event.type === 'admitted') {
              answered = event.publicKey;
              trouble = undefined;
              become('linked');
            } else if (event.type === 'closed') ended = event;
          },
        });
        return session;
      },
      onChange({ state: now, last, code }) {
        parked = now === 'parked';
        if (parked) {
          // There is a link with that replica, though not by this address.
          answered = session?.met()?.publicKey;
          trouble = undefined;
          become('linked');
        } else if (now === 'dialling') {
          ended = undefined;
          become('connecting');
        } else if (now === 'waiting') {
          trouble = ended
            ? troubleOf(ended.code, ended.reason, secure !== undefined)
            : { code: code ?? 'unreachable', message: last ?? '' };
          become('waiting');
        }
      },
    });
    telling = true;
    return {
      get state() {
        return state;
      },
      get trouble() {
        return trouble;
      },
      get answered() {
        return answered;
      },
      get parked() {
        return parked;
      },
      close: (letGo) => dialler.close(letGo),
    };
  };

  return { links, dial, peers: (dialled) => peersOf(dialled, links.status().peers) };
}

const iso = (ms: number): string => new Date(ms).toISOString();

const idOf = (key: string): Hash => keyId(nodeCrypto, key);

/** A replica that is dialled at several addresses has one link, and is one peer: shown where that link was dialled. */
function oneEach(dialled: readonly DialledLink[]): DialledLink[] {
  const used = new Set(dialled.filter(({ parked }) => !parked).map(({ answered }) => answered));
  const shown = new Set<string>();
  return dialled.filter(({ parked, answered }) => {
    if (!parked || answered === undefined) return true;
    if (used.has(answered) || shown.has(answered)) return false;
    shown.add(answered);
    return true;
  });
}

const stands = (session: PeerStatus | undefined): session is PeerStatus =>
  session !== undefined && session.state !== 'gone';

/** What the machine dials, with what its sessions know; then those that came in; then those that are gone. */
function peersOf(dialled: readonly DialledLink[], known: readonly PeerStatus[]): Peer[] {
  const byKey = new Map(known.map((one) => [one.publicKey, one]));
  const shown = new Set<string>();
  const peers = oneEach(dialled).map((link): Peer => {
    const key = link.answered ?? link.expect;
    const session = key === undefined ? undefined : byKey.get(key);
    if (session) shown.add(session.publicKey);
    return {
      replica: key === undefined ? null : idOf(key),
      url: link.url,
      upstream: link.upstream && link.secure === undefined,
      lan: stands(session) ? session.bound : link.secure !== undefined,
      // The other side may have dialled as well, and its link stayed.
      state: stands(session) ? 'linked' : link.trouble?.refused ? 'refused' : link.state,
      since: iso(stands(session) ? session.since : link.since),
      ...progress(session),
      trouble: link.trouble ? { code: link.trouble.code, message: link.trouble.message } : null,
    };
  });
  const rest = known.filter(({ publicKey }) => !shown.has(publicKey));
  for (const session of [...rest].sort((a, b) => Number(a.state === 'gone') - Number(b.state === 'gone')))
    peers.push({
      replica: idOf(session.publicKey),
      url: null,
      upstream: false,
      lan: session.bound,
      state: session.state === 'gone' ? 'gone' : 'linked',
      since: iso(session.since),
      ...progress(session),
      trouble: null,
    });
  return peers;
}

type Progress = Pick<Peer, 'lag' | 'syncing' | 'acknowledged' | 'digest' | 'compared'>;

function progress(session: PeerStatus | undefined): Progress {
  const { unstored = 0, syncing = 0, acknowledgedAt, comparedAt } = session ?? {};
  return {
    lag: unstored,
    syncing,
    acknowledged: acknowledgedAt === undefined ? null : iso(acknowledgedAt),
    digest: digestOf(session),
    compared: comparedAt === undefined ? null : iso(comparedAt),
  };
}

/** A session that is new compares first and then exchanges what differs: until it looks again nobody knows. */
function digestOf(session: PeerStatus | undefined): Peer['digest'] {
  if (session?.equal === undefined) return 'unknown';
  if (session.equal) return 'equal';
  const { state, acknowledgedAt = 0, comparedAt = 0, since } = session;
  return state === 'live' && Math.max(acknowledgedAt, since) > comparedAt ? 'unknown' : 'different';
}
