import type * as Original from '../../../../src/seal/native-cipher.ts';

/** WebCrypto has no ChaCha20. */
export const nativeCipher: typeof Original.nativeCipher = undefined;
