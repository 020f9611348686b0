import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Hash } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { canonical, readEntry, utf8 } from '../../src/op/index.ts';

/** What replicas of one workspace have in common on a network of strangers. */
export interface LanKeys {
  /** Without it no connection opens. */
  readonly connect: Buffer;
  /** By it an announcement of the workspace is known. */
  readonly announce: Buffer;
}

/**
 * Derives them from the header of the genesis: whoever joined the workspace holds it, it has 16 random bytes, and the
 * id of the workspace, which is its hash, does not give it away. Throws when it is not among the entries.
 */
export function lanKeys(workspace: Hash, entries: readonly string[]): LanKeys {
  for (const text of entries) {
    const found = readEntry(nodeCrypto, JSON.parse(text));
    if (!found.ok || found.hash !== workspace) continue;
    const secret = utf8(canonical(found.entry.header));
    const derive = (info: string): Buffer => Buffer.from(hkdfSync('sha256', secret, workspace, info, 32));
    return { connect: derive('coterie lan connect 1'), announce: derive('coterie lan announce 1') };
  }
  throw new TypeError('the genesis is not here');
}

/** 16 bytes of HMAC-SHA256, base64url. */
export const tagOf = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text).digest().subarray(0, 16).toString('base64url');

/** In a time that does not depend on where they differ. */
export function sameTag(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
