import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { CoterieError } from '../../schemas/index.ts';
import { originUrl, type ProxyInFront } from './outside.ts';

/** From whom a request came, as limits count it. */
export interface Asker {
  /** An IPv4 address, or the first half of an IPv6 address, of which one customer has all. */
  readonly address: string;
  /** True for a program of this machine that came by no proxy. */
  readonly here: boolean;
}

const plain = (address: string): string => address.replace(/^::ffff:(?=[0-9.]+$)/i, '');
const isHere = (address: string): boolean => /^127\.|^::1$/.test(address);

function counted(address: string): string {
  if (isIP(address) !== 6 || isHere(address)) return address;
  const [head = '', tail] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right];
  return `${all.slice(0, 4).join(':')}::/64`;
}

/** Whose word counts for whom they forward: this machine's own, and those that were named. Throws `invalid`. */
function trusted(from: readonly string[]): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addAddress('::1', 'ipv6');
  for (const one of from) {
    const [address = '', bits] = one.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const most = family === 'ipv6' ? 128 : 32;
    const prefix = bits === undefined ? most : Number(bits);
    if (isIP(address) === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > most)
      throw new CoterieError('invalid', `${one} is neither an address nor a network`);
    list.addSubnet(address, prefix, family);
  }
  return list;
}

const known = new WeakMap<IncomingMessage, Asker>();
/** What came to a proxy over TLS. */
const shielded = new WeakSet<IncomingMessage>();

/**
 * Tells who asks. What `X-Forwarded-For` says is believed of a proxy alone, and of what it says the last, which the proxy
 * itself has written.
 */
export function openAddresses(proxy: ProxyInFront | undefined): (incoming: IncomingMessage) => Asker {
  const front = proxy && originUrl(proxy.url, 'the public URL');
  const shield = front?.protocol === 'https:' ? front.host : undefined;
  const believed = proxy ? trusted(proxy.from ?? []) : undefined;
  return (incoming) => {
    const direct = plain(incoming.socket.remoteAddress ?? '');
    const family = isIP(direct) === 6 ? 'ipv6' : 'ipv4';
    const forwarded = incoming.headers['x-forwarded-for'];
    let asker: Asker = { address: counted(direct), here: isHere(direct) };
    if (forwarded !== undefined && believed && isIP(direct) !== 0 && believed.check(direct, family)) {
      const last = plain(String(forwarded).split(',').at(-1)?.trim() ?? '');
      asker = { address: isIP(last) === 0 ? counted(direct) : counted(last), here: false };
    }
    known.set(incoming, asker);
    if (incoming.headers.host?.toLowerCase() === shield) shielded.add(incoming);
    return asker;
  };
}

/** Who is at the other end of a connection, whomever it speaks for. */
export function directAsker({ remoteAddress }: { readonly remoteAddress?: string | undefined }): Asker {
  const direct = plain(remoteAddress ?? '');
  return { address: counted(direct), here: isHere(direct) };
}

/** Who asks, as its door found. */
export const askerOf = (incoming: IncomingMessage): Asker =>
  known.get(incoming) ?? directAsker(incoming.socket);

/** Whether an address is that of a proxy which speaks for many. */
export function openProxies(proxy: ProxyInFront | undefined): (address: string) => boolean {
  const list = proxy ? trusted(proxy.from ?? []) : undefined;
  return (address) => {
    const direct = plain(address);
    const family = isIP(direct);
    return list !== undefined && family !== 0 && list.check(direct, family === 6 ? 'ipv6' : 'ipv4');
  };
}

/** Whether a request came over TLS: to this door, or to the proxy in front of it. */
export const isSecure = (incoming: IncomingMessage): boolean =>
  shielded.has(incoming) || incoming.socket instanceof TLSSocket;

/** Where a page lives that asks at the same place. */
export const originOf = (incoming: IncomingMessage): string =>
  `${isSecure(incoming) ? 'https' : 'http'}://${incoming.headers.host?.toLowerCase() ?? ''}`;
