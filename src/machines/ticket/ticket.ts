import { Address, CoterieError } from '../../../schemas/index.ts';
import { type Crypto, fromBase64url, utf8 } from '../../op/index.ts';
import { fromCode, toCode } from './code.ts';

/** What a ticket says in itself; all else is in its package, which its relay keeps. */
export interface Ticket {
  /** Where the package lies, and where who joins asks: a node, a relay, or a workspace at a readable relay. */
  readonly url: string;
  /** Whether what answers there is a replica, or keeps what it can't read. */
  readonly kind: TicketKind;
  /** 16 bytes, of which everything else is derived: whoever has them can join. */
  readonly secret: Uint8Array;
  /** By which the relay of the ticket is told from another, 4 bytes. */
  readonly mark: Uint8Array;
}

export type TicketKind = 'readable' | 'sealed';

type Sha256 = Pick<Crypto, 'sha256'>;

const version = 0;
const kinds: readonly TicketKind[] = ['readable', 'sealed'];
export const secretBytes = 16;
const markBytes = 4;
const checksumBytes = 2;
const codeBytes = 1 + secretBytes + markBytes + checksumBytes;
/** A ticket is pasted by people; one with the longest address is below this. */
const maxLength = 1024;

/** The mark of a listening key, base64url. */
export const markOf = (crypto: Sha256, key: string): Uint8Array =>
  crypto.sha256(utf8(`coterie ticket relay 1\n${key}`)).slice(0, markBytes);

const checksum = (crypto: Sha256, bytes: Uint8Array): Uint8Array =>
  crypto.sha256(bytes).subarray(0, checksumBytes);

/** A ticket as text: `<url>/join#XXXX-XXXX-…`. A browser does not send what stands behind the `#`. */
export function writeTicket(crypto: Sha256, { url, kind, secret, mark }: Ticket): string {
  const head = Uint8Array.from([(version << 4) | kinds.indexOf(kind), ...secret, ...mark]);
  return `${url}/join#${toCode(Uint8Array.from([...head, ...checksum(crypto, head)]))}`;
}

const invalid = (message: string, hint?: string): CoterieError =>
  new CoterieError('ticket_invalid', message, hint === undefined ? {} : { hint });

/** Splits off the code, and leaves the rest as it was typed but for what mails and terminals put in. */
function parts(given: string): { readonly url: string; readonly code: string } {
  if (given.length > maxLength) throw invalid('This is too long for a ticket.');
  const at = given.indexOf('#');
  const url = (at < 0 ? given : given.slice(0, at)).replaceAll(/\s+/g, '');
  if (!/^https?:\/\//i.test(url))
    throw invalid('This is no ticket: it does not begin with the address of a relay.');
  if (at < 0) throw invalid('The ticket has no code: what stands behind its # is missing.');
  if (!/\/join\/?$/i.test(url)) throw invalid('This is no ticket: it leads to something else than /join.');
  return { url: url.replace(/\/join\/?$/i, ''), code: given.slice(at + 1) };
}

/**
 * Reads a ticket, in any case, with dashes and blanks wherever they are. Throws `ticket_invalid`, which says what is
 * wrong with it, and `protocol_newer` for one of a later version.
 */
export function readTicket(crypto: Sha256, given: string): Ticket {
  const { url, code } = parts(given.trim());
  const bytes = fromCode(code);
  const first = bytes?.[0];
  if (!bytes || first === undefined)
    throw invalid('The code of the ticket has characters that no code has, or is cut short.');
  if (bytes.length < codeBytes) throw invalid('The ticket is cut short.');
  const end = bytes.length - checksumBytes;
  const holds = checksum(crypto, bytes.subarray(0, end)).every((byte, i) => byte === bytes[end + i]);
  if (!holds) throw invalid('The code of the ticket is mistyped: a part of it was changed.');
  if (first >> 4 !== version)
    throw new CoterieError('protocol_newer', 'The ticket is of a later version than this program knows.');
  const kind = kinds[first & 15];
  if (kind === undefined || bytes.length !== codeBytes)
    throw new CoterieError(
      'protocol_newer',
      'The ticket is for a relay of a kind that this program does not know.',
    );
  const address = Address.safeParse(url);
  if (!address.success) throw invalid('The address of the ticket is none: http://host:port or https://host.');
  return {
    url: address.data,
    kind,
    secret: bytes.slice(1, 1 + secretBytes),
    mark: bytes.slice(1 + secretBytes, 1 + secretBytes + markBytes),
  };
}

/** The secret as it is kept, base64url; undefined for what is none. */
export const secretOf = (text: string): Uint8Array | undefined => fromBase64url(text, secretBytes);
