import { diffieHellman, type KeyObject } from 'node:crypto';
import { x25519Private, x25519Public } from '../keys/node.ts';
import { fromBase64url } from '../op/index.ts';
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

function keyOf(own: KeyObject, other: KeyObject, salt: Uint8Array): Uint8Array | undefined {
  try {
    return derive(diffieHellman({ privateKey: own, publicKey: other }), salt, 'coterie box 1');
  } catch {
    // A point of small order: OpenSSL refuses the all-zero secret.
    return undefined;
  }
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
  const other = x25519Public(recipient);
  if (!to || !other) return undefined;
  const once = x25519Private(random(32));
  const key = keyOf(once.key, other, joined(once.raw, to));
  return key && joined(once.raw, seal(key, plaintext, additional, random));
}

/** What was sealed to this key; undefined for anything else. */
export function openBox(own: KeyPair, box: Uint8Array, additional: Uint8Array): Uint8Array | undefined {
  if (box.length < boxOverhead) return undefined;
  const from = box.slice(0, publicBytes);
  const other = x25519Public(Buffer.from(from).toString('base64url'));
  const to = fromBase64url(own.publicKey, publicBytes);
  if (!other || !to) return undefined;
  const key = keyOf(x25519Private(own.secret).key, other, joined(from, to));
  return key && unseal(key, box.subarray(publicBytes), additional);
}
