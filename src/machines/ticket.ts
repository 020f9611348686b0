import { z } from 'zod';
import {
  Address,
  CoterieError,
  DisplayName,
  Entry,
  Hash,
  limits,
  Millis,
  PublicKey,
} from '../../schemas/index.ts';
import { type Crypto, canonical, fromBase64url, hash16, readEntry, toBase64url, utf8 } from '../op/index.ts';

/** What an invitation hands to who joins: the workspace, a seed that vouches, and where its countersigner listens. */
export interface Ticket {
  readonly workspace: Hash;
  readonly name: string;
  /** The workspace's first operation, by which everything else is judged. */
  readonly genesis: Entry;
  /** The `invite.create` that names the seed. */
  readonly invite: Hash;
  /** Ed25519 seed, 32 bytes in base64url: the secret of the ticket. */
  readonly seed: string;
  /** Where the countersigner listens, `http://host:port`, best first. */
  readonly addresses: readonly string[];
  /** Its listening key: who answers there must prove it. */
  readonly key: PublicKey;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

const version = 1;
const prefix = `coterie${version}.`;
/** Of base32: 40 bits. */
const checksumLength = 8;
/** A ticket is pasted by people; one with all of its fields at their limits is still below this. */
const maxLength = 16 * 1024;

const secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'a seed is 43 base64url characters');

const Content = z.strictObject({
  v: z.literal(version),
  workspace: Hash,
  name: DisplayName,
  genesis: Entry,
  invite: Hash,
  seed: secret,
  addresses: z.array(Address).min(1).max(8),
  key: PublicKey,
  expires: Millis,
});

type Sha256 = Pick<Crypto, 'sha256'>;

const checksum = (crypto: Sha256, text: string): string =>
  hash16(crypto, utf8(text)).slice(0, checksumLength);

/** A ticket as text: `coterie1.<base64url of canonical JSON>.<checksum>`. */
export function writeTicket(crypto: Sha256, ticket: Ticket): string {
  const content = canonical({ v: version, ...ticket });
  const text = `${prefix}${toBase64url(utf8(content))}`;
  return `${text}.${checksum(crypto, text)}`;
}

const invalid = (message: string, hint?: string): CoterieError =>
  new CoterieError('ticket_invalid', message, hint === undefined ? {} : { hint });

/**
 * Reads a ticket; blanks and line breaks that mails and terminals put in do not matter. Throws `ticket_invalid`, which
 * says whether it is cut short or none at all, and `protocol_newer` for one of a later version. Whether it expired is
 * for its countersigner to say, by its own clock.
 */
export function readTicket(crypto: Sha256, given: string): Ticket {
  const text = given.replaceAll(/\s+/g, '');
  if (text.length > maxLength) throw invalid('This is too long for a ticket.');
  const later = /^coterie([0-9]{1,6})[.]/.exec(text)?.[1];
  if (later !== undefined && Number(later) > version)
    throw new CoterieError(
      'protocol_newer',
      `The ticket is of version ${later}; this program knows ${version}.`,
    );
  if (!text.startsWith(prefix)) throw invalid('This is no ticket: it does not begin with "coterie1.".');
  const [payload = '', sum] = text.slice(prefix.length).split('.', 2);
  if (sum === undefined || sum.length < checksumLength) throw invalid('The ticket is cut short.');
  if (
    text.length !== prefix.length + payload.length + 1 + checksumLength ||
    sum !== checksum(crypto, prefix + payload)
  )
    throw invalid('The ticket is damaged: a part of it is missing or was changed.');
  return checked(crypto, content(payload));
}

function content(payload: string): z.infer<typeof Content> {
  const bytes = fromBase64url(payload, Math.floor((payload.length * 3) / 4));
  const parsed = Content.safeParse(bytes && parse(bytes));
  if (!parsed.success)
    throw invalid(`The ticket holds something else: ${parsed.error.issues[0]?.path.join('.')}.`);
  return parsed.data;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Its genesis must be the one that names the workspace; its signature is checked when it is taken in. */
function checked(crypto: Sha256, { v: _, ...ticket }: z.infer<typeof Content>): Ticket {
  const genesis = readEntry(crypto, ticket.genesis);
  if (
    !genesis.ok ||
    genesis.hash !== ticket.workspace ||
    genesis.entry.header.type !== 'workspace.genesis' ||
    genesis.entry.header.data['name'] !== ticket.name ||
    genesis.entry.header.v > limits.operationVersion
  )
    throw invalid('The ticket holds a genesis of another workspace.', 'Ask for another ticket.');
  return { ...ticket, genesis: genesis.entry };
}
