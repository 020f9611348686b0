import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';

const nonceBytes = 24;
const tagBytes = 16;
/** What sealing adds to the length of what is sealed, bytes. */
export const sealedOverhead = nonceBytes + tagBytes;

/** Random bytes, as many as asked for. */
export type Random = (bytes: number) => Uint8Array;

/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): 24 random bytes of nonce, then the ciphertext with its tag. So many
 * random bytes that no crash, copy or restored backup makes one a second time. `additional` is authenticated and not
 * held. A key has 32 bytes.
 */
export function seal(
  key: Uint8Array,
  plaintext: Uint8Array,
  additional: Uint8Array,
  random: Random,
): Uint8Array {
  const nonce = random(nonceBytes);
  const sealed = new Uint8Array(sealedOverhead + plaintext.length);
  sealed.set(nonce);
  sealed.set(xchacha20poly1305(key, nonce, additional).encrypt(plaintext), nonceBytes);
  return sealed;
}

/** What `seal` sealed; undefined for anything else: another key, other additional data, changed or cut bytes. */
export function unseal(key: Uint8Array, sealed: Uint8Array, additional: Uint8Array): Uint8Array | undefined {
  if (sealed.length < sealedOverhead) return undefined;
  // It looks at its bytes as 32-bit numbers where they lie so, and as a view of a frame they may not.
  const nonce = sealed.slice(0, nonceBytes);
  try {
    return xchacha20poly1305(key, nonce, additional).decrypt(sealed.subarray(nonceBytes));
  } catch {
    return undefined;
  }
}
