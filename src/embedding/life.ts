import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { EmbeddingError } from './port.ts';
import type { EmbeddingAnswer, EmbeddingCall, EmbeddingReady, EmbeddingStart } from './protocol.ts';

interface Asked {
  resolve: (vectors: Float32Array) => void;
  reject: (error: Error) => void;
}

/** One life of what runs the model: a thread, or a process of its own. */
export interface Life {
  /** The version of what runs it. Rejects when the model can't be loaded. */
  readonly ready: Promise<string>;
  ask(call: Omit<EmbeddingCall, 'id'>): Promise<Float32Array>;
  end(reason: string): Promise<void>;
}

/** What carries calls there and answers back. Alone it keeps no process alive, unless it is held. */
interface Carrier {
  hold(held: boolean): void;
  post(call: EmbeddingCall): void;
  /** Ends it at once, whatever is under way. */
  kill(): void;
}

interface Heard {
  said(message: EmbeddingAnswer | EmbeddingReady): void;
  failed(error: Error): void;
  exited(): void;
}

// By its name in package.json, so that it is the built file also where the sources run as they are.
export const workerFile = (): string => createRequire(import.meta.url).resolve('#embedding-worker');

function thread(start: EmbeddingStart, heard: Heard): Carrier {
  const worker = new Worker(workerFile(), { workerData: start });
  worker.on('message', heard.said);
  worker.on('error', heard.failed);
  worker.on('exit', heard.exited);
  return {
    hold: (held) => void (held ? worker.ref() : worker.unref()),
    post: (call) => worker.postMessage(call),
    kill: () => void worker.terminate(),
  };
}

/**
 * onnxruntime-node aborts the process in which a thread ends while the model runs there, or while the process exits. So it
 * has a process of its own, which is killed: by us, or by itself when the channel to us closes, however we ended.
 */
function child(start: EmbeddingStart, heard: Heard): Carrier {
  const process = fork(workerFile(), [JSON.stringify(start)], {
    execArgv: [],
    serialization: 'advanced',
    // What the runtime warns of is not for our output; why it can't be loaded comes over the channel.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  process.on('message', heard.said as (message: unknown) => void);
  process.on('error', heard.failed);
  process.on('exit', heard.exited);
  return {
    hold(held) {
      if (held) process.ref();
      else process.unref();
      if (held) process.channel?.ref();
      else process.channel?.unref();
    },
    // One that is gone has told so, or will.
    post: (call) => void process.send(call, () => undefined),
    kill: () => void process.kill('SIGKILL'),
  };
}

function later<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** `ended` is called when it answers no more, perhaps twice. */
export function startLife(start: EmbeddingStart, ended: () => void): Life {
  const name = start.native === undefined ? 'thread' : 'process';
  const asked = new Map<number, Asked>();
  const ready = later<string>();
  const exited = later<void>();
  // Who doesn't wait for it hears of it from what was asked.
  ready.promise.catch(() => undefined);
  let loading = start.native !== undefined;
  let lastId = 0;
  let over: EmbeddingError | undefined;

  // The model alone keeps no process alive; a question does.
  const hold = (): void => carrier.hold(loading || asked.size > 0);
  const fail = (reason: string): void => {
    over ??= new EmbeddingError(reason);
    loading = false;
    ready.reject(over);
    for (const { reject } of asked.values()) reject(over);
    asked.clear();
  };
  function answered(answer: EmbeddingAnswer): void {
    const one = asked.get(answer.id);
    asked.delete(answer.id);
    hold();
    if ('vectors' in answer) one?.resolve(answer.vectors);
    else one?.reject(new EmbeddingError(`The built-in model failed: ${answer.error}`));
  }

  const carrier = (start.native === undefined ? thread : child)(start, {
    said(message) {
      if ('id' in message) answered(message);
      else if ('failed' in message) {
        ended();
        fail(message.failed);
        carrier.kill();
      } else {
        loading = false;
        ready.resolve(message.ready);
        hold();
      }
    },
    failed(error) {
      ended();
      fail(`The ${name} of the built-in model failed: ${String(error)}`);
      // A process that couldn't be started doesn't exit.
      if (start.native !== undefined) exited.resolve();
    },
    exited() {
      fail(`The ${name} of the built-in model ended.`);
      ended();
      exited.resolve();
    },
  });
  hold();

  return {
    ready: ready.promise,
    ask: (call) =>
      new Promise((resolve, reject) => {
        if (over) {
          reject(over);
          return;
        }
        const id = lastId++;
        asked.set(id, { resolve, reject });
        hold();
        carrier.post({ id, ...call });
      }),
    async end(reason) {
      fail(reason);
      carrier.hold(true);
      carrier.kill();
      await exited.promise;
    },
  };
}
