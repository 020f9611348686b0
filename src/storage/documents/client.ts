import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { StorageError } from '../port.ts';
import { type Answer, type Call, type Results, receiveError, type WorkerSettings } from './protocol.ts';
import type { ScrubbedDocumentStore } from './y-leveldb.ts';

interface Waiting {
  resolve(result: Results[keyof Results]): void;
  reject(error: Error): void;
}

type Unnumbered<C> = C extends Call ? Omit<C, 'id'> : never;

/** The built worker, whether this runs from source or built. */
function workerPath(): string {
  return createRequire(import.meta.url).resolve('#documents-worker');
}

/**
 * Documents in a thread of their own, started by the first call. When the thread dies, every call under way is
 * refused with `storage_failed`, since nobody knows how far it came, and the next call starts another.
 */
export function createDocumentsClient(
  settings: WorkerSettings,
  start: () => Worker = () =>
    new Worker(workerPath(), {
      workerData: settings,
      stderr: true,
      name: 'coterie documents',
      // Documents come and go whole: a larger nursery only holds more of what is dead.
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    }),
): ScrubbedDocumentStore {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let lastId = 0;
  let closed = false;

  const lose = (lost: Worker, why: string): void => {
    if (worker !== lost) return;
    worker = undefined;
    const error = new StorageError('storage_failed', `The thread that keeps the documents ended: ${why}`);
    const refused = [...waiting.values()];
    waiting.clear();
    for (const one of refused) one.reject(error);
  };

  const running = (): Worker => {
    if (worker !== undefined) return worker;
    const made = start();
    // y-leveldb prints the errors that it swallows; they come back as errors here.
    made.stderr.resume();
    made.on('message', (message: Answer) => {
      const one = waiting.get(message.id);
      waiting.delete(message.id);
      if (waiting.size === 0) made.unref();
      if ('error' in message) one?.reject(receiveError(message.error));
      else one?.resolve(message.result);
    });
    made.on('error', (error) => lose(made, error.message));
    made.on('exit', (code) => lose(made, `exit code ${code}`));
    worker = made;
    return made;
  };

  function ask<C extends Call['call']>(
    call: Unnumbered<Call> & { call: C },
    move: ArrayBuffer[] = [],
  ): Promise<Results[C]> {
    return new Promise<Results[C]>((resolve, reject) => {
      const id = ++lastId;
      const target = running();
      // The thread keeps the process alive while it owes an answer, and only then.
      target.ref();
      waiting.set(id, { resolve: (result) => resolve(result as Results[C]), reject });
      target.postMessage({ ...call, id }, move);
    });
  }

  const open = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closed) throw new StorageError('storage_failed', 'The documents are closed.');
    return work();
  };

  return {
    // The caller keeps its bytes: what moves to the thread is a copy.
    write: (name, update) =>
      open(() => {
        const copy = new Uint8Array(update);
        return ask({ call: 'write', name, update: copy }, [copy.buffer]);
      }),
    merge: (name, updates) =>
      open(() => {
        const copies = updates.map((update) => new Uint8Array(update));
        return ask(
          { call: 'merge', name, updates: copies },
          copies.map(({ buffer }) => buffer),
        );
      }),
    read: (name) => open(() => ask({ call: 'read', name })),
    names: () => open(() => ask({ call: 'names' })),
    remove: (name) => open(() => ask({ call: 'remove', name })),
    purge: (name) => open(() => ask({ call: 'purge', name })),
    scrub: () => open(() => ask({ call: 'scrub' })),
    async close() {
      if (closed) return;
      closed = true;
      const last = worker;
      if (last === undefined) return;
      try {
        await ask({ call: 'close' });
      } finally {
        await last.terminate();
      }
    },
  };
}
