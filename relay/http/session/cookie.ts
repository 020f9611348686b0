import type { IncomingMessage } from 'node:http';
import { CoterieError } from '../../../schemas/index.ts';
import { isSecure } from '../address.ts';

/**
 * Browsers keep one jar for all ports of a machine, so that the name says whose session it is. Where the page came over
 * TLS they are held to this host, and to TLS.
 */
export function cookieName(incoming: IncomingMessage): string {
  const port = /:([0-9]{1,5})$/.exec(incoming.headers.host ?? '')?.[1];
  const name = port === undefined ? 'coterie' : `coterie-${port}`;
  return isSecure(incoming) ? `__Host-${name}` : name;
}

/** The secret of a session that a request carries. Two of the same name are none: one of them is somebody else's. */
export function sessionIn(incoming: IncomingMessage): string | undefined {
  const name = `${cookieName(incoming)}=`;
  const found = (incoming.headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(name));
  return found.length === 1 ? found[0]?.slice(name.length) : undefined;
}

/** `Set-Cookie` of a session, which no script reads and no other site sends; without a secret it is taken away. */
export function setCookie(incoming: IncomingMessage, secret: string | undefined, seconds: number): string {
  const secure = isSecure(incoming) ? '; Secure' : '';
  const age = secret === undefined ? 0 : seconds;
  return `${cookieName(incoming)}=${secret ?? ''}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${secure}`;
}

/** What is asked for: a socket has no `Sec-Fetch-Site` in every browser, but an `Origin` in each. */
export type Manner = 'read' | 'write' | 'stream' | 'socket';

const from = (incoming: IncomingMessage): string | undefined => {
  const site = incoming.headers['sec-fetch-site'];
  return site === undefined ? undefined : String(site);
};

/**
 * Refuses what a browser sends with a cookie and not for a page of ours. A foreign `Origin` was refused before any door;
 * this is for requests that carry none. Pages of another port of this machine are of the same site, and get no further.
 */
export function refuseOtherPages(incoming: IncomingMessage, manner: Manner): void {
  const site = manner === 'socket' ? undefined : from(incoming);
  // Typed, or a link that was followed: nobody but the person sees what is shown.
  const typed = manner === 'read' && (site === 'none' || incoming.headers['sec-fetch-dest'] === 'document');
  const shown = incoming.headers.origin !== undefined || site === 'same-origin' || typed;
  const foreign = site !== undefined && site !== 'same-origin' && !typed;
  if (!foreign && (shown || manner === 'read')) return;
  throw new CoterieError('bad_host', 'The session of a page counts for what that page itself asks.', {
    hint: 'Programs send a token: coterie token HANDLE',
  });
}
