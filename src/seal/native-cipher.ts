import { createCipheriv, createDecipheriv, getCiphers } from 'node:crypto';

const name = 'chacha20-poly1305';
const settings = { authTagLength: 16 };

/** ChaCha20-Poly1305 (RFC 8439) of the platform: a key of 32 bytes, a nonce of 12, a tag of 16 behind the ciphertext. */
export interface NativeCipher {
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    additional: Uint8Array,
    into: Uint8Array,
  ): void;
  /** Throws where the tag does not hold. */
  unseal(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, additional: Uint8Array): Uint8Array;
}

/** OpenSSL's cipher is several times as fast as one in JavaScript, and is not in every build of it: undefined then. */
export const nativeCipher: NativeCipher | undefined = getCiphers().includes(name)
  ? {
      seal(key, nonce, plaintext, additional, into) {
        const cipher = createCipheriv(name, key, nonce, settings);
        cipher.setAAD(additional, { plaintextLength: plaintext.length });
        into.set(cipher.update(plaintext));
        cipher.final();
        into.set(cipher.getAuthTag(), plaintext.length);
      },
      unseal(key, nonce, sealed, additional) {
        const decipher = createDecipheriv(name, key, nonce, settings);
        const end = sealed.length - settings.authTagLength;
        decipher.setAAD(additional, { plaintextLength: end });
        decipher.setAuthTag(sealed.subarray(end));
        const opened = decipher.update(sealed.subarray(0, end));
        // What was deciphered is given to nobody before.
        decipher.final();
        return new Uint8Array(opened.buffer, opened.byteOffset, opened.length);
      },
    }
  : undefined;
