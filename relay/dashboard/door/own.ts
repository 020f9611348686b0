import { CoterieError } from '../../../schemas/coterie-error.ts';
import type { FromWorker, ReplicaState, ToWorker } from '../replica/protocol.ts';
import type { Door } from './door.ts';

/** The replica that this browser keeps, in its worker. */
export interface OwnReplica {
  state(): ReplicaState;
  /** Hears of each change of its state; returns what ends that. */
  onState(listener: (state: ReplicaState) => void): () => void;
  /** Opens what is kept of this member; with `make` also where nothing is. */
  open(handle: string, make: boolean): void;
  /** The verbs; calls wait until it is open. */
  readonly door: Door;
  hurry(): void;
  /** Forgets everything that is kept here. */
  forget(): Promise<void>;
}

interface Asked {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Verbs that answer with a stream. */
const streams = new Set(['events', 'searchStream']);

/** What a worker can be sent: a signal can't. */
function sendable(args: readonly unknown[]): { args: unknown[]; signal: AbortSignal | undefined } {
  let signal: AbortSignal | undefined;
  const plain = args.map((arg) => {
    if (typeof arg !== 'object' || arg === null || !('signal' in arg)) return arg;
    if (arg.signal instanceof AbortSignal) signal = arg.signal;
    return { ...arg, signal: undefined };
  });
  return { args: plain, signal };
}

/** Joins the worker of this browser that has the replica: all its tabs share one. */
export function joinWorker(): OwnReplica {
  const worker = new SharedWorker(new URL('../replica/worker.ts', import.meta.url), {
    type: 'module',
    name: 'coterie',
  });
  const { port } = worker;
  const listeners = new Set<(state: ReplicaState) => void>();
  const asked = new Map<number, Asked>();
  let state: ReplicaState = { state: 'absent' };
  let count = 0;

  const post = (message: ToWorker): void => port.postMessage(message);
  const answered = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => void asked.set(id, { resolve, reject }));

  function become(next: ReplicaState): void {
    state = next;
    for (const listener of [...listeners]) listener(state);
  }

  function take(id: number): Asked | undefined {
    const one = asked.get(id);
    asked.delete(id);
    return one;
  }

  port.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.did === 'state') become(data.state);
    else if (data.did === 'answer') take(data.id)?.resolve(data.value);
    else if (data.did === 'item') take(data.id)?.resolve(data);
    else {
      const { code, message, hint, legal } = data.error;
      take(data.id)?.reject(new CoterieError(code, message, { hint, ...(legal ? { legal } : {}) }));
    }
  };
  worker.onerror = () =>
    become({
      state: 'failed',
      error: {
        code: 'internal',
        message: 'The worker of the page did not start.',
        hint: 'Reload; without it the page needs the node.',
      },
    });
  addEventListener('pagehide', () => post({ do: 'bye' }));

  async function call(path: readonly string[], given: readonly unknown[]): Promise<unknown> {
    const { args, signal } = sendable(given);
    signal?.throwIfAborted();
    count += 1;
    const id = count;
    const answer = answered(id);
    const abort = (): void => {
      post({ do: 'abort', id });
      take(id)?.reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', abort, { once: true });
    post({ do: 'call', id, path, args });
    try {
      return await answer;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async function* stream(path: readonly string[], given: readonly unknown[]): AsyncGenerator<unknown> {
    const { args, signal } = sendable(given);
    if (signal?.aborted) return;
    count += 1;
    const id = count;
    const abort = (): void => {
      post({ do: 'abort', id });
      take(id)?.resolve({ done: true });
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      let more = answered(id);
      post({ do: 'stream', id, path, args });
      for (;;) {
        const { done, value } = (await more) as { readonly done: boolean; readonly value?: unknown };
        if (done) return;
        // The next one is on its way while this one is looked at.
        more = answered(id);
        more.catch(() => undefined);
        post({ do: 'next', id });
        yield value;
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      post({ do: 'abort', id });
      asked.delete(id);
    }
  }

  const verb = (path: readonly string[]) =>
    streams.has(path.join('.'))
      ? (...args: readonly unknown[]) => stream(path, args)
      : (...args: readonly unknown[]) => call(path, args);

  /** Every name is a verb, and a group of verbs: the worker says which there are. */
  const door = new Proxy(
    {},
    {
      get: (_target, name) =>
        typeof name !== 'string' || name === 'then'
          ? undefined
          : new Proxy(verb([name]), {
              get: (_verb, inner) => (typeof inner === 'string' ? verb([name, inner]) : undefined),
            }),
    },
  ) as Door;

  return {
    state: () => state,
    onState(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    open: (handle, make) => post({ do: 'open', handle, make }),
    door,
    hurry: () => post({ do: 'hurry' }),
    async forget() {
      count += 1;
      const done = answered(count);
      post({ do: 'forget', id: count });
      await done;
    },
  };
}
