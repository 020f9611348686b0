import { type DocumentStore, StorageError } from '../port.ts';
import { frame, unframe } from '../store/frame.ts';
import { checkName, checkUpdate, mergeWhole } from './update.ts';

/** Faults of a document store in memory, on command. */
export interface DocumentFaults {
  /** Refuses the next writes, before or after the new state landed. */
  failNext(fault: 'before' | 'after', times?: number): void;
  /** Flips a byte of a stored state. */
  damage(name: string): void;
  /** Loses a state without a trace. */
  lose(name: string): void;
}

export interface MemoryDocumentStore extends DocumentStore {
  readonly faults: DocumentFaults;
  /** Ends this store as a crash would and opens a new one on what survived: everything acknowledged. */
  crash(): MemoryDocumentStore;
}

/** Documents in memory, with the whole contract, that fail on command. `delay` is awaited before each write. */
export function createMemoryDocuments(
  options: { readonly delay?: () => Promise<void> } = {},
): MemoryDocumentStore {
  return memoryDocuments(options.delay ?? (() => Promise.resolve()), new Map());
}

function memoryDocuments(delay: () => Promise<void>, states: Map<string, Uint8Array>): MemoryDocumentStore {
  let faults: ('before' | 'after')[] = [];
  let closed = false;
  let turn: Promise<unknown> = Promise.resolve();

  const next = <T>(work: () => T | Promise<T>): Promise<T> => {
    const mine = turn.then(async () => {
      if (closed) throw new StorageError('storage_failed', 'The documents are closed.');
      return work();
    });
    turn = mine.catch(() => undefined);
    return mine;
  };

  async function replace(name: string, state: Uint8Array): Promise<void> {
    await delay();
    const fault = faults.shift();
    if (fault !== 'before' && !closed) states.set(name, frame(name, state));
    if (fault !== undefined)
      throw new StorageError('storage_failed', `The state of ${name} could not be written.`);
  }

  const stored = (name: string): Uint8Array | undefined => {
    const framed = states.get(name);
    return framed === undefined ? undefined : Uint8Array.from(unframe(name, framed));
  };

  return {
    write: (name, update) => {
      const state = Uint8Array.from(update);
      return next(async () => {
        checkName(name);
        checkUpdate(name, state);
        await replace(name, state);
      });
    },
    merge: (name, given) => {
      const updates = given.map((update) => Uint8Array.from(update));
      return next(async () => {
        checkName(name);
        const before = stored(name);
        const { state, ...merged } = mergeWhole(name, before ? [before, ...updates] : updates);
        await replace(name, state);
        return merged;
      });
    },
    read: (name) =>
      next(() => {
        checkName(name);
        return stored(name);
      }),
    names: () => next(() => [...states.keys()].sort()),
    remove: (name) =>
      next(() => {
        checkName(name);
        states.delete(name);
      }),
    purge: (name) => next(() => checkName(name)),
    async close() {
      await turn;
      closed = true;
    },
    crash() {
      closed = true;
      return memoryDocuments(delay, new Map(states));
    },
    faults: {
      failNext(fault, times = 1) {
        faults = faults.concat(Array.from({ length: times }, () => fault));
      },
      damage(name) {
        const framed = states.get(name);
        if (framed === undefined) return;
        const bytes = Buffer.from(framed);
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0x20;
        states.set(name, bytes);
      },
      lose: (name) => void states.delete(name),
    },
  };
}
