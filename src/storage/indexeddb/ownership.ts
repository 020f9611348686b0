import { StorageError } from '../port.ts';

/** What of the browser's locks is used. */
export interface Locks {
  request(name: string, options: { signal: AbortSignal }, held: () => Promise<void>): Promise<unknown>;
}

/** Holds a name for this page or worker, so that no other opens what is stored under it. */
export interface Ownership {
  release(): void;
}

/**
 * Takes a name. Waits so many milliseconds for another to let go, as one does whose page is just being left; then
 * rejects with `directory_locked`. `onTaken` is called when it is taken by force.
 */
export async function own(
  locks: Locks,
  name: string,
  patience: number,
  onTaken: () => void,
): Promise<Ownership> {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), patience);
  try {
    await new Promise<void>((resolve, reject) => {
      let owned = false;
      locks
        .request(name, { signal: giveUp.signal }, () => {
          owned = true;
          resolve();
          return held;
        })
        .catch((error: unknown) => {
          if (owned) onTaken();
          else reject(error);
        });
    });
  } catch (error) {
    throw new StorageError('directory_locked', `What is stored for ${name} is in use by another page.`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
  return { release };
}
