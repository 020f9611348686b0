import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerStart } from './protocol.ts';

/** Where an index is served. */
export interface Thread {
  post(message: ToWorker): void;
  /** Whether it keeps the process alive: alone it does not. */
  hold(on: boolean): void;
  terminate(): Promise<unknown>;
}

export interface ThreadEvents {
  message(message: FromWorker): void;
  error(error: unknown): void;
  /** The last of all. */
  exit(): void;
}

/** Starts a thread that serves an index. */
export function startThread(start: WorkerStart, events: ThreadEvents): Thread {
  // By its name in package.json, so that it is the built file also where the sources run as they are.
  const worker = new Worker(createRequire(import.meta.url).resolve('#search-worker'), { workerData: start });
  worker.on('message', (message: FromWorker) => events.message(message));
  worker.on('error', (error) => events.error(error));
  worker.on('exit', () => events.exit());
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    hold: (on) => void (on ? worker.ref() : worker.unref()),
    terminate: () => worker.terminate(),
  };
}
