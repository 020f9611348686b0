import { isIP } from 'node:net';
import { CoterieError } from '../../schemas/index.ts';
import type { TlsFiles } from './tls.ts';

/** How a door is reached from other machines. Without it a door is for this machine alone. */
export interface Outside {
  /** A certificate and its key, in files: the door speaks TLS. */
  readonly tls?: TlsFiles | undefined;
  /** Something in front speaks TLS. */
  readonly proxy?: ProxyInFront | undefined;
  /** The URL that others use, where it is not what certificate and address say: `https://relay.example`. */
  readonly url?: string | undefined;
  /** More names under which the door may be asked: `relay.lan:4270`. */
  readonly hosts?: readonly string[] | undefined;
}

/** Who ends TLS in front of a door. */
export interface ProxyInFront {
  /** Its public URL: `https://relay.example`. */
  readonly url: string;
  /** Addresses, or networks as `10.0.0.0/8`, whose word for whom they forward is believed, beside this machine's own. */
  readonly from?: readonly string[] | undefined;
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/** Whether an address to listen on is this machine's own alone. */
export const isLoopback = (host: string): boolean => loopback.has(host);

/** Under which names a door may be asked, and whose pages may ask. */
export interface Allowed {
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
  /** Where it is reached: by others, if it is. */
  readonly url: string;
}

/** Refuses an address beyond this machine where what is sent could be read on the way. */
export function refuseBare(host: string, outside: Outside | undefined): void {
  if (isLoopback(host) || outside?.tls || outside?.proxy) return;
  throw new CoterieError(
    'needs_tls',
    `${host} is reached from other machines, and nothing would be encrypted.`,
  );
}

/** A URL of an origin, and nothing more of it. Throws `invalid`. */
export function originUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && `${url.origin}/` === url.href)
    return url;
  throw new CoterieError('invalid', `${what} is an origin, as https://relay.example, not ${text}`);
}

const bracketed = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);
const anywhere: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);

/** What the gate lets through of a door that is bound. `names` are those of its certificate. */
export function allowedOf(
  host: string,
  port: number,
  outside: Outside | undefined,
  names: readonly string[] = [],
): Allowed {
  const scheme = outside?.tls ? 'https' : 'http';
  const usual = scheme === 'https' ? 443 : 80;
  const hosts = new Set<string>();
  const origins = new Set<string>();
  const add = (at: string, by: string): void => {
    hosts.add(at);
    origins.add(`${by}://${at}`);
  };
  const here = ['127.0.0.1', 'localhost', '[::1]'];
  const bound = anywhere.has(host) || isLoopback(host) ? [] : [bracketed(host.toLowerCase())];
  for (const name of [...here, ...bound, ...names]) {
    add(`${name}:${port}`, scheme);
    if (port === usual) add(name, scheme);
  }
  for (const name of outside?.hosts ?? []) add(name.toLowerCase(), outside?.proxy ? 'https' : scheme);
  const said = outside?.proxy?.url ?? outside?.url;
  const shown = said === undefined ? undefined : originUrl(said, 'the public URL');
  if (shown) add(shown.host, shown.protocol.slice(0, -1));
  const [name = bracketed(host)] = isLoopback(host) ? [] : [...names, ...bound];
  if (!shown && anywhere.has(name))
    throw new CoterieError('invalid', 'The certificate names nobody, and the address is every one.', {
      hint: 'Say how others reach it: --public-url https://relay.example',
    });
  return { hosts, origins, url: shown?.origin ?? `${scheme}://${name}${port === usual ? '' : `:${port}`}` };
}
