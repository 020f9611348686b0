import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { fromBase64url } from '../../../src/op/index.ts';

/** Ed25519 keys begin so in DER. */
const prefix = Buffer.from('302a300506032b6570032100', 'hex');

const known = new Map<string, KeyObject>();

function keyOf(publicKey: string, key: Uint8Array): KeyObject {
  const kept = known.get(publicKey);
  if (kept) return kept;
  const made = createPublicKey({ key: Buffer.concat([prefix, key]), format: 'der', type: 'spki' });
  known.set(publicKey, made);
  return made;
}

function holds(publicKey: string, bytes: Uint8Array, sig: string): boolean {
  const [key, raw] = [fromBase64url(publicKey, 32), fromBase64url(sig, 64)];
  if (!key || !raw) return false;
  try {
    return verify(null, bytes, keyOf(publicKey, key), raw);
  } catch {
    return false;
  }
}

/**
 * From here on signatures are looked at in place and not on threads, which answer when they like: so that a seed
 * gives the same run again. Returns what takes that back.
 */
export function verifyInPlace(): () => void {
  const { verify: onThreads } = nodeCrypto;
  const set = (one: typeof onThreads): void => void Object.assign(nodeCrypto, { verify: one });
  set(async (publicKey, bytes, sig) => holds(publicKey, bytes, sig));
  return () => {
    set(onThreads);
    known.clear();
  };
}
