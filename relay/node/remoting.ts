import {
  CoterieError,
  type PublicKey,
  type RelayInfo,
  type RelayMode,
  type RemoteInfo,
} from '../../schemas/index.ts';
import type { Remoting } from '../../src/machines/host.ts';
import type { Alarm } from '../../src/seal/link/port.ts';
import { type Backoff, openBackoff } from '../mux/backoff.ts';
import type { Log } from './log.ts';
import type { Trouble } from './machine/port.ts';
import type { Remote, Remotes } from './remotes.ts';

/** How a link with a remote stands, whatever it is a link of. */
export interface RemoteStatus {
  readonly state: RemoteInfo['state'];
  /** ms since 1970. */
  readonly since: number;
  readonly lag: number;
  /** When it last said that something is durable there, ms since 1970. */
  readonly acknowledged: number | undefined;
  readonly trouble: Omit<Trouble, 'refused'> | undefined;
  /** What a sealed relay was found out by, the newest last. */
  readonly alarms?: readonly Alarm[] | undefined;
}

/** A link that comes back by itself until it is closed. */
export interface RemoteLink {
  status(): RemoteStatus;
  close(): void;
}

/** Whom to link with. */
export type Linked = Pick<Remote, 'url' | 'key' | 'code'> & {
  /** When it was added, where it is kept: what its link told of it before that is over. */
  readonly added?: string | undefined;
};

export interface RemotingOptions {
  readonly remotes: Remotes;
  /** Dialled while this runs, and not kept: of `--upstream`, and of the ticket by which the workspace was joined. */
  readonly named: readonly string[];
  /** Who links with what; a mode that is absent cannot be linked with. */
  readonly link: Readonly<Partial<Record<RelayMode, (remote: Linked) => RemoteLink>>>;
  /** Who answers at a URL; undefined for a node that does not say. */
  readonly ask: (url: string) => Promise<RelayInfo | undefined>;
  readonly now: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log;
}

/** Every remote of a replica, linked with while this runs. */
export interface Remoted extends Remoting {
  close(): void;
}

/** How soon it is looked again whether a link that stood still does, ms. */
const lookEach = 5_000;

const changed = (url: string): CoterieError =>
  new CoterieError('relay_changed', `Another relay answers at ${url} than the one that was added.`);

const unlinkable = (mode: RelayMode): CoterieError =>
  new CoterieError('unsupported', `This version does not link with a ${mode} relay.`);

/** One remote: who it is, as far as that is known, and its link. */
interface Held {
  readonly remote: {
    readonly url: string;
    readonly added?: string | undefined;
    readonly code?: string | undefined;
  };
  mode: RelayMode | undefined;
  key: PublicKey | null;
  link: RemoteLink | undefined;
  /** Why there is no link at all. */
  refused: CoterieError | undefined;
  since: number;
  readonly backoff: Backoff;
  cancel: () => void;
  ended: boolean;
}

/**
 * Links with each remote, and goes on asking who answers there while its link does not stand: a relay that was replaced
 * by another is told by its key, is linked with no more, and is named `relay_changed`. What is added or removed takes
 * effect at once.
 */
export function openRemoting(options: RemotingOptions): Remoted {
  const { remotes, link, ask, now, timer, random, log } = options;
  const held = new Map<string, Held>();
  let closed = false;

  function become(one: Held, mode: RelayMode, key: PublicKey | null): void {
    one.key = key;
    if (one.link && one.mode === mode) return;
    one.link?.close();
    one.link = undefined;
    one.mode = mode;
    const start = link[mode];
    one.refused = start ? undefined : unlinkable(mode);
    one.since = now();
    one.link = start?.({ url: one.remote.url, key, code: one.remote.code, added: one.remote.added });
  }

  function refuse(one: Held, error: CoterieError): void {
    if (one.refused?.code !== error.code) {
      one.since = now();
      log.warn({ url: one.remote.url, code: error.code }, 'a remote is not linked with');
    }
    one.link?.close();
    one.link = undefined;
    one.refused = error;
    one.backoff.refuse();
  }

  /** Who answers there now, and what follows. */
  async function look(one: Held): Promise<void> {
    const { url } = one.remote;
    try {
      const info = await ask(url);
      if (one.ended) return;
      if (one.key !== null && info?.key !== one.key) refuse(one, changed(url));
      else {
        become(one, info?.mode ?? 'node', info?.key ?? null);
        if (one.remote.added !== undefined && info) keep(one, info);
      }
    } catch (error) {
      // Its link is tried again by itself, and tells what is wrong.
      log.debug({ err: error, url }, 'nobody says who the remote is');
    }
    later(one);
  }

  /** A relay may become another kind under the same key; what is kept follows. */
  function keep({ remote }: Held, { mode, key }: RelayInfo): void {
    const kept = remotes.list().find(({ url }) => url === remote.url);
    if (kept && (kept.mode !== mode || kept.key !== key)) remotes.put({ ...kept, mode, key });
  }

  function later(one: Held): void {
    if (one.ended) return;
    one.cancel();
    if (one.link?.status().state === 'linked') {
      one.backoff.reset();
      one.cancel = timer(() => later(one), lookEach);
    } else one.cancel = timer(() => void look(one), one.backoff.next() + 50);
  }

  function hold(remote: Held['remote'], known?: { mode: RelayMode; key: PublicKey | null }): void {
    if (closed || held.has(remote.url)) return;
    const one: Held = {
      remote,
      mode: undefined,
      key: known?.key ?? null,
      link: undefined,
      refused: undefined,
      since: now(),
      backoff: openBackoff(random),
      cancel: () => undefined,
      ended: false,
    };
    held.set(remote.url, one);
    // Until it has said what it is, it is dialled as what it was: an address of a ticket is a node's.
    become(one, known?.mode ?? 'node', one.key);
    void look(one);
  }

  function end(one: Held): void {
    one.ended = true;
    one.cancel();
    one.link?.close();
    held.delete(one.remote.url);
  }

  /** What is kept is held, and nothing that is kept no more. */
  function follow(): void {
    const kept = new Set(remotes.list().map(({ url }) => url));
    for (const one of [...held.values()])
      if (one.remote.added !== undefined && !kept.has(one.remote.url)) end(one);
    for (const remote of remotes.list()) {
      const before = held.get(remote.url);
      if (before && before.remote.added === undefined) end(before);
      hold(remote, remote);
    }
    for (const url of options.named) hold({ url });
  }

  const stop = remotes.onChange(follow);
  follow();

  return {
    list: () => [...held.values()].map(shown),
    async add({ url: typed, code }, enrol) {
      const url = new URL(typed).origin;
      const before = remotes.list().find((one) => one.url === url);
      const info = await ask(url);
      const key = info?.key ?? null;
      if (before && before.key !== null && before.key !== key) throw changed(url);
      if (before && (code === undefined || code === before.code))
        throw new CoterieError('exists', `${url} is a remote already.`);
      const mode = info?.mode ?? 'node';
      if (!link[mode]) throw unlinkable(mode);
      // A readable relay is a replica, and becomes one first.
      if (mode === 'readable') await enrol({ url, code });
      const added = before?.added ?? new Date(now()).toISOString();
      if (before) remotes.remove(url);
      remotes.put({ url, mode, key, added, ...(code === undefined ? {} : { code }) });
      const one = held.get(url);
      if (!one) throw new CoterieError('closed', 'The node is closing.');
      return shown(one);
    },
    async remove(typed) {
      const url = new URL(typed).origin;
      const one = held.get(url);
      if (!one || !remotes.list().some((kept) => kept.url === url))
        throw new CoterieError('not_found', `${url} is no remote that was added.`, {
          ...(one
            ? { hint: 'It was named with --upstream, or by a ticket, and is one while this node runs.' }
            : {}),
        });
      const was = shown(one);
      remotes.remove(url);
      return was;
    },
    close() {
      closed = true;
      stop();
      for (const one of [...held.values()]) end(one);
    },
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function shown({ remote, mode, key, link, refused, since }: Held): RemoteInfo {
  const known = { url: remote.url, mode: mode ?? null, key, added: remote.added ?? null };
  const status = link?.status();
  if (status === undefined || refused)
    return {
      ...known,
      state: 'refused',
      since: iso(since),
      lag: 0,
      acknowledged: null,
      trouble: refused ? { code: refused.code, message: refused.message } : null,
      alarms: [],
    };
  const { state, lag, acknowledged, trouble } = status;
  return {
    ...known,
    state,
    since: iso(status.since),
    lag,
    acknowledged: acknowledged === undefined ? null : iso(acknowledged),
    trouble: trouble ? { code: trouble.code, message: trouble.message } : null,
    alarms: (status.alarms ?? []).map(({ kind, document, message, at }) => ({
      kind,
      document: document ?? null,
      message,
      at: iso(at),
    })),
  };
}
