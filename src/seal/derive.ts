import { hkdf } from '../keys/node.ts';

/** HKDF-SHA256 (RFC 5869): so many bytes of a secret, for one purpose that `info` names. */
export const derive = (secret: Uint8Array, salt: Uint8Array, info: string, length = 32): Uint8Array =>
  hkdf(secret, salt, info, length);
