import { CoterieError } from '../../schemas/index.ts';
import type { RemoteLink, RemoteStatus } from './remoting.ts';

/** How often it is looked whether the relay still has the workspace, ms. */
const lookEach = 2_000;
/** Between two attempts to do something about it, ms: longer each time, up to this. */
const longest = 20_000;

/**
 * The link with the replica of a readable relay. One that lost its workspaces, under the key that is known, is asked to
 * take this one again, with the code that is kept: then everything goes back to it. Where this side does not know the
 * replica of the relay yet, since who admitted it is away, it asks the relay for the members log: each operation of it is
 * judged as any, and then it is dialled again.
 */
export function readableLink(options: {
  /** Dials it. */
  readonly dial: () => RemoteLink;
  /** Has the relay take the workspace. */
  readonly enrol: () => Promise<void>;
  /** Takes in what the relay knows of the members. */
  readonly learn: () => Promise<void>;
  readonly now: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
}): RemoteLink {
  const { dial, enrol, learn, now, timer } = options;
  let link = dial();
  let trouble: RemoteStatus['trouble'];
  let tried = Number.NEGATIVE_INFINITY;
  let wait = lookEach;
  let ended = false;
  let cancel = timer(look, lookEach);

  function look(): void {
    if (ended) return;
    cancel = timer(look, lookEach);
    const { state, trouble: why } = link.status();
    if (state === 'linked') {
      trouble = undefined;
      wait = lookEach;
    }
    if (state === 'linked' || now() - tried < wait) return;
    const remedy = why?.code === 'not_found' ? enrol : why?.code === 'forbidden' ? learn : undefined;
    if (remedy === undefined) return;
    tried = now();
    wait = Math.min(2 * wait, longest);
    remedy().then(again, (error: unknown) => {
      trouble =
        error instanceof CoterieError
          ? { code: error.code, message: error.message }
          : { code: 'internal', message: 'the relay could not be asked' };
    });
  }

  /** A refusal would have it wait long. */
  function again(): void {
    trouble = undefined;
    if (ended) return;
    link.close();
    link = dial();
  }

  return {
    status() {
      const status = link.status();
      return trouble && status.state !== 'linked' ? { ...status, trouble } : status;
    },
    close() {
      ended = true;
      cancel();
      link.close();
    },
  };
}
