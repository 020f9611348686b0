import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Embedder, EmbeddingError } from './port.ts';
import { dimensions, type EmbeddingAnswer, type EmbeddingCall, type EmbeddingStart } from './protocol.ts';

/** Raise the number when the same text would have another vector: other weights, other arithmetic, other cutting. */
const MODEL = 'all-MiniLM-L6-v2/coterie-1';

export interface BuiltInOptions {
  /** Where the model's files are, if not in this package's `dist/model`. */
  directory?: string;
}

interface Asked {
  resolve: (vectors: Float32Array) => void;
  reject: (error: Error) => void;
}

/** One life of the model's thread. */
interface Thread {
  ask(call: Omit<EmbeddingCall, 'id'>): Promise<Float32Array>;
  end(reason: string): Promise<void>;
}

// By its name in package.json, so that it is the built file also where the sources run as they are.
const workerFile = (): string => createRequire(import.meta.url).resolve('#embedding-worker');

const modelDirectory = (): string => resolve(dirname(workerFile()), '..', '..', 'model');

/** Whether the files of the model are there. */
export const hasBuiltInModel = (directory = modelDirectory()): boolean =>
  existsSync(resolve(directory, 'model.onnx'));

/** `ended` is called when it answers no more, perhaps twice. */
function startThread(directory: string, ended: () => void): Thread {
  const start: EmbeddingStart = { directory };
  const worker = new Worker(workerFile(), { workerData: start });
  const asked = new Map<number, Asked>();
  let lastId = 0;
  let over: EmbeddingError | undefined;

  // The thread alone keeps no process alive; a question does.
  const hold = (): void => void (asked.size > 0 ? worker.ref() : worker.unref());
  const fail = (reason: string): void => {
    over ??= new EmbeddingError(reason);
    for (const { reject } of asked.values()) reject(over);
    asked.clear();
  };

  worker.on('message', (answer: EmbeddingAnswer) => {
    const one = asked.get(answer.id);
    asked.delete(answer.id);
    hold();
    if ('vectors' in answer) one?.resolve(answer.vectors);
    else one?.reject(new EmbeddingError(`The built-in model failed: ${answer.error}`));
  });
  worker.on('error', (error) => {
    ended();
    fail(`The thread of the built-in model failed: ${String(error)}`);
  });
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      fail('The thread of the built-in model ended.');
      ended();
      resolve();
    });
  });
  worker.unref();

  return {
    ask: (call) =>
      new Promise((resolve, reject) => {
        if (over) {
          reject(over);
          return;
        }
        const id = lastId++;
        asked.set(id, { resolve, reject });
        hold();
        worker.postMessage({ id, ...call } satisfies EmbeddingCall);
      }),
    async end(reason) {
      fail(reason);
      worker.ref();
      await worker.terminate();
      await exited;
    },
  };
}

/**
 * Embeddings by all-MiniLM-L6-v2 on this machine, on a thread of its own that starts with the first question. 384
 * dimensions; of each text the first 256 tokens count. Loaded, it takes up to 400 MB of memory, and the thread stays until
 * `close`: the allocator keeps much of what a thread gives back, so that ending and starting it takes more, not less.
 */
export function builtInEmbedder(options: BuiltInOptions = {}): Embedder {
  let thread: Thread | undefined;
  let closed = false;

  function started(): Thread {
    if (thread) return thread;
    const directory = options.directory ?? modelDirectory();
    if (!hasBuiltInModel(directory)) throw new EmbeddingError(`The built-in model is not in ${directory}.`);
    const fresh = startThread(directory, () => {
      if (thread === fresh) thread = undefined;
    });
    thread = fresh;
    return fresh;
  }

  const form = { id: MODEL, dimensions };
  return {
    form: async () => form,
    async embed(texts, kind) {
      if (closed) throw new EmbeddingError('The embedder is closed.');
      if (texts.length === 0) return [];
      const vectors = await started().ask({ kind, texts });
      return texts.map((_, i) => vectors.slice(i * dimensions, (i + 1) * dimensions));
    },
    async close() {
      closed = true;
      await thread?.end('The embedder is closed.');
    },
  };
}
