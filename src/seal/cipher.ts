import { hchacha, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { nativeCipher } from './native-cipher.ts';

const nonceBytes = 24;
const tagBytes = 16;
/** What sealing adds to the length of what is sealed, bytes. */
export const sealedOverhead = nonceBytes + tagBytes;

/** Random bytes, as many as asked for. */
export type Random = (bytes: number) => Uint8Array;

/** "expand 32-byte k", as ChaCha begins. */
const sigma = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);
const isLittle = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Bytes as the 32-bit numbers that they are, wherever they lie. */
function words(bytes: Uint8Array): Uint32Array {
  // Not `slice`, which of a Buffer is a view.
  const copy = new Uint8Array(bytes);
  return new Uint32Array(copy.buffer, 0, copy.length / 4);
}

/**
 * XChaCha20-Poly1305 is ChaCha20-Poly1305 (RFC 8439) under a key that HChaCha20 makes of the key and the first 16 bytes of
 * the nonce, with four zeros and its other 8 bytes for a nonce.
 */
function innerOf(
  key: Uint8Array,
  nonce: Uint8Array,
): { readonly key: Uint8Array; readonly nonce: Uint8Array } {
  const made = new Uint32Array(8);
  hchacha(sigma, words(key), words(nonce.subarray(0, 16)), made);
  const rest = new Uint8Array(12);
  rest.set(nonce.subarray(16), 4);
  return { key: new Uint8Array(made.buffer), nonce: rest };
}

/** The words of a key are read where they lie. */
const native = isLittle ? nativeCipher : undefined;

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
  isNative = true,
): Uint8Array {
  const nonce = random(nonceBytes);
  const sealed = new Uint8Array(sealedOverhead + plaintext.length);
  sealed.set(nonce);
  const inner = isNative ? native : undefined;
  if (inner) {
    const short = innerOf(key, nonce);
    inner.seal(short.key, short.nonce, plaintext, additional, sealed.subarray(nonceBytes));
  } else sealed.set(xchacha20poly1305(key, nonce, additional).encrypt(plaintext), nonceBytes);
  return sealed;
}

/** What `seal` sealed; undefined for anything else: another key, other additional data, changed or cut bytes. */
export function unseal(
  key: Uint8Array,
  sealed: Uint8Array,
  additional: Uint8Array,
  isNative = true,
): Uint8Array | undefined {
  if (sealed.length < sealedOverhead) return undefined;
  // It looks at its bytes as 32-bit numbers where they lie so, and as a view of a frame they may not.
  const nonce = new Uint8Array(sealed.subarray(0, nonceBytes));
  try {
    const rest = sealed.subarray(nonceBytes);
    const inner = isNative ? native : undefined;
    if (!inner) return xchacha20poly1305(key, nonce, additional).decrypt(rest);
    const short = innerOf(key, nonce);
    return inner.unseal(short.key, short.nonce, rest, additional);
  } catch {
    return undefined;
  }
}
