import { CoterieError, type ErrorShape } from '../../../schemas/index.ts';
import type { Surface } from '../../../src/replica/surface.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** What went wrong, as it can be sent to a tab. */
export const shapeOf = (error: unknown): ErrorShape['error'] =>
  (error instanceof CoterieError
    ? error
    : new CoterieError('internal', error instanceof Error ? error.message : String(error))
  ).toJSON().error;

type Verb = (...args: readonly unknown[]) => unknown;

/** The verb of a path: `['messages', 'post']`. Only what the surface has itself. */
function verbOf(surface: Surface, path: readonly string[]): Verb {
  let at: unknown = surface;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) at = undefined;
    else at = (at as Readonly<Record<string, unknown>>)[name];
  }
  if (typeof at === 'function') return at as Verb;
  throw new CoterieError('internal', `There is no verb ${path.join('.')}.`);
}

/** Puts the signal of a call where the verb looks for it: in its last options. */
function withSignal(args: readonly unknown[], signal: AbortSignal): unknown[] {
  return args.map((arg) =>
    typeof arg === 'object' && arg !== null && 'signal' in arg ? { ...arg, signal } : arg,
  );
}

/** The calls of one tab. */
export interface Served {
  /** Undefined while the replica is not open: calls wait for it. */
  take(message: Extract<ToWorker, { do: 'call' | 'stream' | 'next' | 'abort' }>): void;
  close(): void;
}

export function serveCalls(surface: Promise<Surface>, tell: (message: FromWorker) => void): Served {
  const running = new Map<number, AbortController>();
  const streams = new Map<number, AsyncIterator<unknown>>();

  function fail(id: number, error: unknown): void {
    running.delete(id);
    streams.delete(id);
    tell({ did: 'fail', id, error: shapeOf(error) });
  }

  async function call(id: number, path: readonly string[], args: readonly unknown[]): Promise<void> {
    const ending = new AbortController();
    running.set(id, ending);
    try {
      const value = await verbOf(await surface, path)(...withSignal(args, ending.signal));
      running.delete(id);
      tell({ did: 'answer', id, value });
    } catch (error) {
      fail(id, error);
    }
  }

  async function stream(id: number, path: readonly string[], args: readonly unknown[]): Promise<void> {
    const ending = new AbortController();
    running.set(id, ending);
    try {
      const made = verbOf(await surface, path)(...withSignal(args, ending.signal));
      streams.set(id, (made as AsyncIterable<unknown>)[Symbol.asyncIterator]());
      await next(id);
    } catch (error) {
      fail(id, error);
    }
  }

  async function next(id: number): Promise<void> {
    const iterator = streams.get(id);
    if (!iterator) return;
    try {
      const { done = false, value } = await iterator.next();
      if (done) {
        streams.delete(id);
        running.delete(id);
      }
      tell({ did: 'item', id, done, ...(done ? {} : { value }) });
    } catch (error) {
      fail(id, error);
    }
  }

  function abort(id: number): void {
    running.get(id)?.abort();
    running.delete(id);
    void streams.get(id)?.return?.();
    streams.delete(id);
  }

  return {
    take(message) {
      if (message.do === 'call') void call(message.id, message.path, message.args);
      else if (message.do === 'stream') void stream(message.id, message.path, message.args);
      else if (message.do === 'next') void next(message.id);
      else abort(message.id);
    },
    close() {
      for (const id of [...running.keys()]) abort(id);
    },
  };
}
