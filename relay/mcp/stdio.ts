import { createFace, type Reach } from './face.ts';
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

/** How long a client that opened is left to ask what there is, ms. */
const courtesy = 300;

/** Serves one client on stdin and stdout. Resolves when it closes its end. */
export async function mcpOnStdio({ reach, version, handle, signal, trouble }: StdioOptions): Promise<void> {
  const face = createFace(reach, trouble);
  const over = new AbortController();
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      over.abort();
      resolve();
    };
    process.stdin.once('end', end).once('close', end);
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
  const serving = onStdio(({ era }) => {
    const following = new Set<string>();
    const server = serverOf({ face, version, handle, following });
    told = (uri) => void server.sendResourceUpdated({ uri }).catch(trouble);
    // In newer versions of the protocol the connection itself knows who follows what, and drops the rest.
    followed = () => (era === 'modern' ? [digestUri] : following);
    // Opening a workspace keeps the process busy: the client has its first answers before that.
    if (era === 'modern') setTimeout(begin, courtesy).unref();
    else server.oninitialized = begin;
    return server;
  }, trouble);
  await ended;
  await serving.close();
}
