import type { IncomingMessage } from 'node:http';
import { CoterieError } from '../../schemas/index.ts';
import type { Allowed } from './outside.ts';

export interface GateOptions {
  /** Pages of any port of this machine may ask, not only the node's own: a page under development, say. */
  readonly localPages?: boolean | undefined;
}

const localPage = /^https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?$/;

/**
 * Refuses what no client of ours sends: a foreign `Host`, which is how another site reaches a local port under its own
 * name, and a foreign `Origin`, which is how its pages are told. Every door of the node asks this first.
 */
export function refuseForeign(
  incoming: IncomingMessage,
  { hosts, origins }: Pick<Allowed, 'hosts' | 'origins'>,
  { localPages = false }: GateOptions = {},
): CoterieError | undefined {
  const given = incoming.rawHeaders.filter(
    (name, at) => at % 2 === 0 && name.toLowerCase() === 'host',
  ).length;
  const host = incoming.headers.host?.toLowerCase();
  if (given !== 1 || host === undefined || !hosts.has(host))
    return new CoterieError('bad_host', `Host ${host ?? '(none)'} is not one of this node`);
  const origin = incoming.headers.origin?.toLowerCase();
  if (origin !== undefined && !origins.has(origin) && !(localPages && localPage.test(origin)))
    return new CoterieError('bad_host', `Origin ${origin} is not one of this node`);
  if (!incoming.url?.startsWith('/')) return new CoterieError('invalid', 'the request names no path');
  return undefined;
}
