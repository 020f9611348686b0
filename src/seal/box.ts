import { x25519PublicOf, x25519Shared } from '../keys/node.ts';
import { fromBase64url, toBase64url } from '../op/index.ts';
import { type Random, seal, sealedOverhead, unseal } from './cipher.ts';
import { derive } from './derive.ts';

/** An X25519 key pair, as `x25519FromSeed` makes it. */
export interface KeyPair {
  /** base64url. */
  readonly publicKey: string;
  /** 32 raw bytes. */
  readonly secret: Uint8Array;
}

const publicBytes = 32;
/** What a box adds to the length of what is in it, bytes. */
export const boxOverhead = publicBytes + sealedOverhead;

function keyOf(secret: Uint8Array, other: string, salt: Uint8Array): Uint8Array | undefined {
  const shared = x25519Shared(secret, other);
  return shared && derive(shared, salt, 'coterie box 1');
}

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
};

/**
 * Seals bytes to an X25519 key: the public key of a pair that is made for it and forgotten, then what `seal` makes with
 * the key that both sides derive. It says nothing of who sealed it. Undefined where the recipient's key is none.
 */
export function sealTo(
  recipient: string,
  plaintext: Uint8Array,
  additional: Uint8Array,
  random: Random,
): Uint8Array | undefined {
  const to = fromBase64url(recipient, publicBytes);
  if (!to) return undefined;
  const once = random(publicBytes);
  const from = x25519PublicOf(once);
  const key = keyOf(once, recipient, joined(from, to));
  return key && joined(from, seal(key, plaintext, additional, random));
}

/** What was sealed to this key; undefined for anything else. */
export function openBox(own: KeyPair, box: Uint8Array, additional: Uint8Array): Uint8Array | undefined {
  if (box.length < boxOverhead) return undefined;
  const from = box.slice(0, publicBytes);
  const to = fromBase64url(own.publicKey, publicBytes);
  if (!to) return undefined;
  const key = keyOf(own.secret, toBase64url(from), joined(from, to));
  return key && unseal(key, box.subarray(publicBytes), additional);
}
