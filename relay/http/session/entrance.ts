import type { IncomingMessage } from 'node:http';
import { CoterieError } from '../../../schemas/index.ts';
import type { Caller, Callers } from '../../proof/callers.ts';
import { tokenIn } from '../../rooms/subprotocol.ts';
import { type Manner, refuseOtherPages, sessionIn } from './cookie.ts';
import type { Logins } from './logins.ts';

/** Who asks, at every door of a node: by a token, by a proof of key, or by the session of a page. */
export interface Entrance {
  /** Rejects with `unauthorized`, `not_admitted`, and `bad_host` for a session that another page uses. */
  enter(incoming: IncomingMessage, manner: Manner): Promise<Caller>;
  /** As that, where nobody need say who asks: undefined without any of these, or with a session that is over. */
  ifAny(incoming: IncomingMessage, manner: Manner): Promise<Caller | undefined>;
}

/** A token, or a proof of key. */
const bearer = /^Bearer ([A-Za-z0-9_.-]{1,2048})$/i;

/** What shows who asks: a socket may carry it among its subprotocols. */
const shown = (incoming: IncomingMessage, manner: Manner): string | undefined =>
  manner === 'socket' ? tokenIn(incoming.headers) : bearer.exec(incoming.headers.authorization ?? '')?.[1];

export function openEntrance(callers: Callers, logins: Logins): Entrance {
  async function ifAny(incoming: IncomingMessage, manner: Manner): Promise<Caller | undefined> {
    const credential = shown(incoming, manner);
    // One that is wrong is not made good by a cookie.
    if (credential !== undefined || incoming.headers.authorization !== undefined)
      return callers.of(credential);
    const secret = sessionIn(incoming);
    const caller = secret === undefined ? undefined : logins.of(secret);
    if (caller !== undefined) refuseOtherPages(incoming, manner);
    return caller;
  }
  return {
    ifAny,
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
