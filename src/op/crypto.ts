import type { Hash } from '../../schemas/index.ts';

/** What operations need of cryptography. SHA-256 answers at once; signatures may be checked elsewhere. */
export interface Crypto {
  /** The 32 bytes of SHA-256. */
  sha256(bytes: Uint8Array): Uint8Array;
  /**
   * Ed25519. `publicKey`: 32 raw bytes in base64url; `sig`: 64 bytes in base64url.
   * False, never an error, for a signature that doesn't hold and for keys and signatures that are none.
   */
  verify(publicKey: string, bytes: Uint8Array, sig: string): Promise<boolean>;
}

/** One Ed25519 key that signs. */
export interface Signer {
  /** 32 raw bytes in base64url. */
  readonly publicKey: string;
  /** The hash of the raw public key: the `replica` of what it signs. */
  readonly id: Hash;
  /** 64 bytes in base64url. Many may be under way at a time. */
  sign(bytes: Uint8Array): Promise<string>;
}
