import { isIPv4 } from 'node:net';
import { mostAddresses } from './addresses.ts';
import { type LanKeys, sameTag, tagOf } from './keys.ts';

/** What an announcement carries, as the text record of a service. */
export interface AnnouncedText {
  /** 16 random bytes, new for each. */
  readonly n: string;
  /** Where its replica listens: `192.168.1.5:49152`, several with commas. */
  readonly a: string;
  /** The tag of both, which the members of one workspace can make and check. */
  readonly t: string;
}

/** Where a replica says that it listens. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

const tag = ({ announce }: LanKeys, { n, a }: Pick<AnnouncedText, 'n' | 'a'>): string =>
  tagOf(announce, `coterie lan tag 1\n${n}\n${a}`);

/** To strangers it is random but for its addresses. */
export function announcementOf(
  keys: LanKeys,
  { port, addresses }: { readonly port: number; readonly addresses: readonly string[] },
  random: (bytes: number) => Uint8Array,
): AnnouncedText {
  const n = Buffer.from(random(16)).toString('base64url');
  const a = addresses
    .slice(0, mostAddresses)
    .map((host) => `${host}:${port}`)
    .join(',');
  return { n, a, t: tag(keys, { n, a }) };
}

const random16 = /^[\w-]{22}$/;

function placeOf(text: string): Place | undefined {
  const [host = '', digits = '', ...more] = text.split(':');
  const port = Number(digits);
  const fine = isIPv4(host) && /^[1-9]\d{0,4}$/.test(digits) && port < 65_536 && more.length === 0;
  return fine ? { host, port } : undefined;
}

/**
 * Where the replica listens that announces this; undefined for one of another workspace, or anything else. The tag
 * covers the addresses, so what others repeat leads nowhere else.
 */
export function readAnnouncement(
  keys: LanKeys,
  text: Readonly<Record<string, unknown>>,
): readonly Place[] | undefined {
  const { n, a, t } = text;
  if (typeof n !== 'string' || typeof a !== 'string' || typeof t !== 'string') return undefined;
  if (!random16.test(n) || a.length > 100 || !sameTag(t, tag(keys, { n, a }))) return undefined;
  const places = a.split(',').map(placeOf);
  const whole = places.filter((one) => one !== undefined);
  return whole.length === places.length && whole.length <= mostAddresses ? whole : undefined;
}
