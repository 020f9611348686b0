import { hkdfSync } from 'node:crypto';

/** HKDF-SHA256 (RFC 5869): so many bytes of a secret, for one purpose that `info` names. */
export const derive = (secret: Uint8Array, salt: Uint8Array, info: string, length = 32): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, salt, info, length));
