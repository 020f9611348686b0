import { toBase64url } from '../../op/index.ts';
import { derive } from '../../seal/derive.ts';

/** What the secret of a ticket stands for. */
export interface TicketKeys {
  /** Ed25519 seed that the invite names: it vouches for who joins. 32 bytes. */
  readonly seed: Uint8Array;
  /** Names the package at its relay: base64url of 32 bytes. */
  readonly id: string;
  /** Seals the package. 32 bytes. */
  readonly key: Uint8Array;
}

const none = new Uint8Array(0);

export const ticketKeys = (secret: Uint8Array): TicketKeys => ({
  seed: derive(secret, none, 'coterie ticket seed 1'),
  id: toBase64url(derive(secret, none, 'coterie ticket package 1')),
  key: derive(secret, none, 'coterie ticket key 1'),
});
