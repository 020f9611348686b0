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
  Role,
} from '../../../schemas/index.ts';
import { type Crypto, canonical, fromBase64url, readEntry, toBase64url, utf8 } from '../../op/index.ts';
import { type Random, seal, unseal } from '../../seal/cipher.ts';
import { ticketKeys } from './keys.ts';

const version = 1;

/** 32 bytes in base64url: the secret of a key epoch. */
const secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'a secret is 43 base64url characters');

/** Key epochs that a ticket brings. */
const mostEpochs = 64;

const Content = z.strictObject({
  v: z.literal(version),
  workspace: Hash,
  name: DisplayName,
  genesis: Entry,
  invite: Hash,
  addresses: z.array(Address).min(1).max(8),
  key: PublicKey,
  expires: Millis,
  role: Role,
  // Of two with one handle the longer form.
  by: z.string().min(1).max(200),
  sealed: z
    .strictObject({
      epochs: z
        .array(z.tuple([Hash, secret]))
        .min(1)
        .max(mostEpochs),
    })
    .optional(),
});

/** What a ticket stands for: the workspace, who invites to it, and where its countersigner listens. */
export interface TicketContent {
  readonly workspace: Hash;
  readonly name: string;
  /** The workspace's first operation, by which everything else is judged. */
  readonly genesis: Entry;
  /** The `invite.create` that names the seed of the ticket. */
  readonly invite: Hash;
  /** Where the countersigner listens, best first. */
  readonly addresses: readonly string[];
  /** Its listening key: who answers there must prove it. */
  readonly key: PublicKey;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** What members of who joins may be at most. */
  readonly role: Role;
  /** Handle of who invites. */
  readonly by: string;
  /** For a sealed relay: secrets of key epochs by their ids, the founding one first, base64url. */
  readonly sealed?: { readonly epochs: readonly (readonly [Hash, string])[] } | undefined;
}

/** The ticket's content with its seed, 32 bytes in base64url. */
export interface OpenedTicket extends TicketContent {
  readonly seed: string;
}

const about = (id: string): Uint8Array => utf8(`coterie ticket ${version}\n${id}`);

/** What is left at the relay, base64url: its id is that of the ticket's secret. */
export function sealPackage(ticketSecret: Uint8Array, content: TicketContent, random: Random): string {
  const { id, key } = ticketKeys(ticketSecret);
  return toBase64url(seal(key, utf8(canonical({ v: version, ...content })), about(id), random));
}

const invalid = (message: string): CoterieError =>
  new CoterieError('ticket_invalid', message, { hint: 'Ask who invited you for another ticket.' });

/** Opens what a relay keeps for a ticket. Throws `ticket_invalid` for what is altered, or holds something else. */
export function openPackage(
  crypto: Pick<Crypto, 'sha256'>,
  ticketSecret: Uint8Array,
  sealed: string,
): OpenedTicket {
  const { id, key, seed } = ticketKeys(ticketSecret);
  const bytes = fromBase64url(sealed, Math.floor((sealed.length * 3) / 4));
  const opened = bytes && unseal(key, bytes, about(id));
  if (!opened) throw invalid('What the relay keeps for this ticket was altered.');
  const parsed = Content.safeParse(parse(opened));
  if (!parsed.success)
    throw invalid(`The ticket stands for something else: ${parsed.error.issues[0]?.path.join('.')}.`);
  const { v: _, ...content } = parsed.data;
  const genesis = readEntry(crypto, content.genesis);
  // Its signature is checked when it is taken in.
  if (
    !genesis.ok ||
    genesis.hash !== content.workspace ||
    genesis.entry.header.type !== 'workspace.genesis' ||
    genesis.entry.header.data['name'] !== content.name ||
    genesis.entry.header.v > limits.operationVersion
  )
    throw invalid('The ticket stands for a genesis of another workspace.');
  return { ...content, genesis: genesis.entry, seed: toBase64url(seed) };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
