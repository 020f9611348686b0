import type { IncomingMessage } from 'node:http';
import { CoterieError } from '../../../schemas/index.ts';
import type { Caller, Callers } from '../../proof/callers.ts';
import { tokenIn } from '../../rooms/subprotocol.ts';
import { askerOf } from '../address.ts';
import { type Guard, openGuard } from '../guard.ts';
import { type Manner, refuseOtherPages, sessionIn } from './cookie.ts';
import type { Logins } from './logins.ts';

/** Who asks, at every door of a node: by a token, by a proof of key, or by the session of a page. */
export interface Entrance {
  /** Rejects with `unauthorized`, `not_admitted`, and `bad_host` for a session that another page uses. */
  enter(incoming: IncomingMessage, manner: Manner): Promise<Caller>;
  /** As that, where nobody need say who asks: undefined without any of these, or with a session that is over. */
  ifAny(incoming: IncomingMessage, manner: Manner): Promise<Caller | undefined>;
  /** Begins a session of a page. Rejects as `Logins.begin` throws, and with `rate_limited`. */
  begin(incoming: IncomingMessage, login: string): Promise<ReturnType<Logins['begin']>>;
}

/** A token, or a proof of key. */
const bearer = /^Bearer ([A-Za-z0-9_.-]{1,2048})$/i;

/** What shows who asks: a socket may carry it among its subprotocols. */
const shown = (incoming: IncomingMessage, manner: Manner): string | undefined =>
  manner === 'socket' ? tokenIn(incoming.headers) : bearer.exec(incoming.headers.authorization ?? '')?.[1];

export function openEntrance(
  callers: Pick<Callers, 'of'>,
  logins: Pick<Logins, 'of' | 'begin'>,
  guard: Guard = openGuard(),
): Entrance {
  /** What is shown is looked at unless too much of it was wrong. */
  async function guarded<T>(incoming: IncomingMessage, secret: string, of: () => T): Promise<Awaited<T>> {
    const asker = askerOf(incoming);
    await guard.look(asker, secret);
    try {
      const found = await of();
      guard.right(asker, secret);
      return found;
    } catch (error) {
      throw await guard.wrong(asker, error);
    }
  }

  async function ifAny(incoming: IncomingMessage, manner: Manner): Promise<Caller | undefined> {
    const credential = shown(incoming, manner);
    // One that is wrong is not made good by a cookie.
    if (credential !== undefined) return guarded(incoming, credential, () => callers.of(credential));
    if (incoming.headers.authorization !== undefined) return callers.of(undefined);
    const secret = sessionIn(incoming);
    const caller = secret === undefined ? undefined : logins.of(secret);
    if (caller !== undefined) refuseOtherPages(incoming, manner);
    return caller;
  }
  return {
    ifAny,
    begin: (incoming, login) => guarded(incoming, login, () => logins.begin(login)),
    async enter(incoming, manner) {
      const caller = await ifAny(incoming, manner);
      if (caller) return caller;
      if (sessionIn(incoming) === undefined) return callers.of(undefined);
      throw new CoterieError('unauthorized', 'The session of this page is over.', {
        hint: 'Run: coterie open',
      });
    },
  };
}
