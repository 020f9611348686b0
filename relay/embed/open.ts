import type { Peer } from '../../schemas/index.ts';
import { openReplica as openAlone } from '../../src/index.ts';
import type { OpenOptions as AloneOptions } from '../../src/replica/options.ts';
import type { Replica as AloneReplica } from '../../src/replica/surface.ts';
import type { Settled } from '../../src/sync/index.ts';
import type { Log } from '../node/log.ts';

/** How an embedded replica is among others. */
export interface SyncOptions {
  /** URLs of nodes to sync with, always; those of a ticket come on top. */
  readonly upstreams?: readonly string[] | undefined;
  /** Where run files lie by which replicas of one machine find each other; by default the user's. */
  readonly state?: string | undefined;
  /** Hears of trouble; by default it goes to stderr as lines of JSON. */
  readonly log?: Log | undefined;
}

export interface OpenOptions extends AloneOptions {
  /**
   * Syncs with the other replicas of the workspace: those of this machine, found by their run files or through its node,
   * and upstreams. It listens on a free port of 127.0.0.1. Without it the replica is alone until something else runs on its
   * directory.
   */
  readonly sync?: boolean | SyncOptions | undefined;
}

/** The replica among others. */
export interface Sync {
  /** Where it listens. */
  readonly url: string;
  /** Each link: its state, what is not stored there yet, and whether both sides are equal. */
  status(): { readonly peers: readonly Peer[] };
  /**
   * Waits until everything that is durable here at the call is durable at so many peers, for `timeoutMs` at most. `enough`
   * says whether it came to that, `stored` names the keys of the peers. Rejects only once `signal` aborts, with its reason.
   */
  settled(wanted: {
    readonly peers: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Settled>;
}

/** One local copy of a workspace, open. */
export interface Replica extends AloneReplica {
  /** Undefined where it was opened without `sync`. */
  readonly sync: Sync | undefined;
}

/**
 * Opens the replica in a data directory, or makes one that joins the user's workspace. One process owns a directory.
 * With `sync` it is found by, and finds, the other replicas of the workspace on this machine. Rejects with a
 * `CoterieError`: `directory_locked`, `directory_newer`, `directory_unreadable`, `storage_corrupt`, `disk_full`,
 * `invalid` for a handle or embeddings that are none.
 *
 * @example
 * ```ts
 * import { openReplica } from 'coterie';
 *
 * const replica = await openReplica({ directory: 'team', as: 'kai' });
 * const { id } = await replica.tasks.create({ title: 'Sort the sources' });
 * const { claim } = await replica.tasks.claim(id, { need: 'granted' }, { signal: AbortSignal.timeout(10_000) });
 * console.log(claim?.certainty); //=> granted
 * const { text } = await replica.messages.post('general', { text: 'I have it' });
 * console.log(text); //=> I have it
 * await replica.close();
 * ```
 */
export async function openReplica({ sync, ...options }: OpenOptions): Promise<Replica> {
  const replica = await openAlone(options);
  if (sync === undefined || sync === false) return Object.assign(replica, { sync: undefined });
  try {
    return await among(replica, sync === true ? {} : sync, options.config);
  } catch (error) {
    await replica.close();
    throw error;
  }
}

async function among(
  replica: AloneReplica,
  { upstreams = [], state, log: given }: SyncOptions,
  config: string | undefined,
): Promise<Replica> {
  // Sockets and the log cost a replica that stays alone nothing.
  const [{ openHosting }, { listenForLinks }, { openLog }] = await Promise.all([
    import('../node/hosting.ts'),
    import('../node/machine/network.ts'),
    import('../node/log.ts'),
  ]);
  const log = given ?? openLog();
  const hosting = await openHosting({ replica, node: false, config, state, upstreams, log });
  const { links } = hosting;
  if (!links) throw new TypeError('a replica without sessions');
  const listening = await listenForLinks(links, log).catch(async (error: unknown) => {
    await hosting.close();
    throw error;
  });
  const begun = hosting.begin(listening);
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    await hosting.close();
    await replica.close();
  }
  return {
    ...replica,
    // A copied directory takes another key while it is open.
    get id() {
      return replica.id;
    },
    sync: {
      url: listening.url,
      status: () => ({ peers: begun?.peers() ?? [] }),
      settled: links.settled,
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
