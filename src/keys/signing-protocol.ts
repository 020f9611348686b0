import type { KeyObject } from 'node:crypto';

/** Bytes of an Ed25519 signature. */
export const signatureBytes = 64;

/** Texts to sign with one key, and the key itself the first time. */
export interface SigningCall {
  readonly id: number;
  readonly key: number;
  readonly secret?: KeyObject | undefined;
  /** The texts one after the other, and where each ends. Many small arrays take far longer to hand over. */
  readonly texts: Uint8Array;
  readonly ends: Uint32Array;
}

/** Signatures of 64 bytes in the order of the texts; or why there are none. */
export type SigningAnswer =
  | { readonly id: number; readonly sigs: Uint8Array }
  | { readonly id: number; readonly error: string };
