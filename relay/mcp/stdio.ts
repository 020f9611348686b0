import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { createFace, type Face, type Reach } from './face.ts';
import { follow } from './hints.ts';
import { digestUri } from './resources.ts';
import { onStdio, serverOf } from './sdk.ts';

export interface StdioOptions {
  readonly reach: Reach;
  readonly version: string;
  readonly handle: string | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Hears of what is nobody's mistake but ours, or the client's. */
  readonly trouble: (error: unknown) => void;
}

/** A face that knows when nothing that was asked of it is still to be answered. */
function counted(face: Face): { readonly face: Face; answered(): Promise<void> } {
  const working = new Set<Promise<unknown>>();
  const call: Face['call'] = (...asked) => {
    const work = face.call(...asked);
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    working.add(settled);
    void settled.then(() => working.delete(settled));
    return work;
  };
  return {
    face: { ...face, call },
    async answered() {
      // What was read with the end is handed on in turns of its own, and so is what is answered.
      for (let calm = 0; calm < 3; calm++) {
        if (working.size > 0) calm = 0;
        await Promise.all(working);
        await turn();
      }
    },
  };
}

/** How long a client that opened is left to ask what there is, ms. */
const courtesy = 300;

/** Serves one client on stdin and stdout. Resolves when it closes its end. */
export async function mcpOnStdio({ reach, version, handle, signal, trouble }: StdioOptions): Promise<void> {
  const { face, answered } = counted(createFace(reach, trouble));
  const over = new AbortController();
  const said = new PassThrough();
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      over.abort();
      resolve();
    };
    // Who has said all may still wait for the answers to it.
    const last = (): void => void answered().then(end);
    process.stdin.once('end', last).once('close', last).pipe(said, { end: false });
    process.stdout.once('error', end);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
  let begun = false;
  let told: (uri: string) => void = () => undefined;
  let followed = (): Iterable<string> => [];
  function begin(): void {
    if (begun) return;
    begun = true;
    void follow(
      face,
      () => followed(),
      (uri) => told(uri),
      over.signal,
    );
  }
  // A client may ask what is there before it opens, so this may be called more than once: the last one counts.
  const serving = onStdio(
    ({ era }) => {
      const following = new Set<string>();
      const server = serverOf({ face, version, handle, following });
      told = (uri) => void server.sendResourceUpdated({ uri }).catch(trouble);
      // In newer versions of the protocol the connection itself knows who follows what, and drops the rest.
      followed = () => (era === 'modern' ? [digestUri] : following);
      // Opening a workspace keeps the process busy: the client has its first answers before that.
      if (era === 'modern') setTimeout(begin, courtesy).unref();
      else server.oninitialized = begin;
      return server;
    },
    said,
    trouble,
  );
  await ended;
  await serving.close();
}
