import { CoterieError } from '../../schemas/index.ts';
import type { RemoteLink, RemoteStatus } from './remoting.ts';

/** How often it is looked whether the relay still has the workspace, ms. */
const lookEach = 2_000;
/** Between two attempts to have it taken again, ms. */
const enrolEach = 30_000;

/**
 * The link with the replica of a readable relay. One that lost its workspaces, under the key that is known, is asked to
 * take this one again, with the code that is kept: then everything goes back to it.
 */
export function readableLink(options: {
  readonly link: RemoteLink;
  readonly enrol: () => Promise<void>;
  readonly now: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
}): RemoteLink {
  const { link, enrol, now, timer } = options;
  let trouble: RemoteStatus['trouble'];
  let tried = Number.NEGATIVE_INFINITY;
  let ended = false;
  let cancel = timer(look, lookEach);

  function look(): void {
    if (ended) return;
    cancel = timer(look, lookEach);
    const { state, trouble: why } = link.status();
    if (state === 'linked') trouble = undefined;
    else if (why?.code === 'not_found' && now() - tried >= enrolEach) {
      tried = now();
      enrol().then(
        () => {
          trouble = undefined;
        },
        (error: unknown) => {
          trouble =
            error instanceof CoterieError
              ? { code: error.code, message: error.message }
              : { code: 'internal', message: 'the relay could not be asked to take the workspace again' };
        },
      );
    }
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
