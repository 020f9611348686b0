import { type FSWatcher, readdirSync, unlinkSync, watch } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { CoterieError, Hash, PublicKey } from '../../../schemas/index.ts';
import { isAlive } from '../../../src/storage/directory.ts';
import { codeOf, createPrivate, privateDirectory, readPrivate } from '../private-file.ts';
import { stateDirectory } from './state.ts';

/** What a listening replica leaves for others of its user on this machine. */
export const ReplicaRun = z.strictObject({
  workspace: Hash,
  replica: Hash,
  /** Ed25519 key of the replica: who answers there must prove it. */
  key: PublicKey,
  /** `http://127.0.0.1:4270`, on this machine only. */
  url: z.string().regex(/^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}$/),
  pid: z.int().min(1),
  started: z.iso.datetime(),
  /** True for a node. */
  node: z.boolean(),
});
export type ReplicaRun = z.infer<typeof ReplicaRun>;

/** The run files of this user's replicas. */
export interface RunDirectory {
  /**
   * Leaves the run file of this process. False when another process that lives has left one for the same replica,
   * which is a copied directory.
   */
  leave(run: ReplicaRun): boolean;
  /** Takes it away, if it is still this one. */
  remove(run: ReplicaRun): void;
  /** Those of a workspace, whether or not they are still true. */
  list(workspace: Hash): ReplicaRun[];
  /** True when nobody listens there any more: its process is gone, or its address refuses. */
  stale(run: ReplicaRun): Promise<boolean>;
  /** Calls when files come or go. It may miss some: look now and then as well. Returns what ends it. */
  watch(changed: () => void): () => void;
}

const same = (a: ReplicaRun, b: ReplicaRun): boolean =>
  a.pid === b.pid && a.started === b.started && a.url === b.url;

/** Whether anything takes connections at an address. The system answers for a process that is busy. */
function answers(url: string, milliseconds: number): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(milliseconds, () => end(false));
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });
}

/** The run files below `<state>/run`, made when absent. Throws `directory_unreadable` where others could write them. */
export function openRunDirectory(state: string = stateDirectory()): RunDirectory {
  const directory = join(state, 'run');
  privateDirectory(directory);
  const pathOf = ({ workspace, replica }: Pick<ReplicaRun, 'workspace' | 'replica'>): string =>
    join(directory, `${workspace}-${replica}.json`);

  function read(path: string): ReplicaRun | undefined {
    try {
      const parsed = ReplicaRun.safeParse(JSON.parse(readPrivate(path) ?? ''));
      return parsed.success && pathOf(parsed.data) === path ? parsed.data : undefined;
    } catch (error) {
      // What others could have written, or what is no run file, names nobody whom one would dial.
      if (error instanceof CoterieError || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  function drop(path: string): void {
    try {
      unlinkSync(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  return {
    leave(run) {
      const path = pathOf(run);
      // Twice: the one of a dead process is removed first. A third maker at once is a living one.
      for (let attempt = 0; attempt < 2; attempt++) {
        const there = read(path);
        // Nothing is written then: whoever watches the directory would look again, and leave it again.
        if (there && same(there, run)) return true;
        if (there && there.pid !== run.pid && isAlive(there.pid)) return false;
        // One that could not be read may just be in the making, once.
        if (there || attempt > 0) drop(path);
        if (createPrivate(path, `${JSON.stringify(run)}\n`, { durable: false })) return true;
      }
      return false;
    },
    remove(run) {
      const path = pathOf(run);
      const there = read(path);
      if (there && same(there, run)) drop(path);
    },
    list: (workspace) =>
      readdirSync(directory)
        .filter((name) => name.startsWith(`${workspace}-`) && name.endsWith('.json'))
        .flatMap((name) => read(join(directory, name)) ?? []),
    stale: async ({ pid, url }) => !isAlive(pid) || !(await answers(url, 2000)),
    watch(changed) {
      let watcher: FSWatcher | undefined;
      try {
        watcher = watch(directory, { persistent: false }, changed);
        watcher.on('error', () => watcher?.close());
      } catch {
        // No more watches on this system: whoever looks now and then finds out as well.
      }
      return () => watcher?.close();
    },
  };
}
