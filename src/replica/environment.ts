import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from '../client/transport.ts';
import { memoryLeft } from '../embedding/index.ts';
import { openStorage, type Storage } from '../storage/open.ts';
import { asCoterie } from './failures.ts';
import type { OpenOptions } from './options.ts';
import { pooledRandom } from './random.ts';

/** Where a user's machine secrets lie, by the platform's custom; `options.config` says otherwise. */
export function configDirectory(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env;
  if (process.platform === 'win32') return join(APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'coterie');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Preferences', 'coterie');
  return join(XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'coterie');
}

/** Opens the storage in a directory. Rejects as `openReplica` does. */
export async function openDirectory({ directory, durability = 'sync' }: OpenOptions): Promise<Storage> {
  try {
    return await openStorage({ directory, durability });
  } catch (error) {
    throw asCoterie(error);
  }
}

/** What a test or a simulation may own. */
export interface Environment {
  readonly now?: (() => number) | undefined;
  readonly monotonic?: (() => number) | undefined;
  readonly random?: ((bytes: number) => Uint8Array) | undefined;
  /** Runs a task once after a while; returns what cancels it. */
  readonly timer?: ((task: () => void, ms: number) => () => void) | undefined;
  /** Bytes that the process may still take. */
  readonly memory?: (() => number) | undefined;
  /** Milliseconds that a write of a memory waits to learn what says nearly the same; 0: it does not look. */
  readonly patience?: number | undefined;
  /** How the countersigner of a ticket is asked; `fetch` unless given. */
  readonly transport?: Transport | undefined;
  /** In place of a directory on disk. */
  readonly storage?: Storage | undefined;
}

/** Does not keep the process alive. */
export const realTimer = (task: () => void, ms: number): (() => void) => {
  const timer = setTimeout(task, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

/** So many parts of a replica wait for its end that Node would warn of a leak. */
export const manyListen = (signal: AbortSignal): void => setMaxListeners(0, signal);

/** The real thing where nothing else was passed in. */
export const completed = ({
  now = Date.now,
  monotonic = () => performance.now(),
  random = pooledRandom,
  timer = realTimer,
  memory = memoryLeft,
  patience = 300,
}: Environment) => ({ now, monotonic, random, timer, memory, patience });
