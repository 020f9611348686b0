import type { Hash } from '../../schemas/index.ts';
import { type Crypto, fromBase32, fromBase64url, toBase64url, utf8 } from '../op/index.ts';
import { derive } from './derive.ts';

type Sha256 = Pick<Crypto, 'sha256'>;

/** A key epoch with its secret. */
export interface EpochKey {
  /** The hash of its `epoch.begin`. */
  readonly id: Hash;
  /** 32 random bytes that every replica in force has. */
  readonly secret: Uint8Array;
}

/** The mailbox of a workspace: 32 bytes, base64url. Who knows the workspace's id finds it, and gets in if it is admitted. */
export const mailboxId = (crypto: Sha256, workspace: Hash): string =>
  toBase64url(crypto.sha256(utf8(`coterie mailbox 1\n${workspace}`)));

/** The names of documents as a relay sees them: 32 bytes, base64url, which who lacks the founding epoch can't guess. */
export function documentIds(mailbox: string, founding: EpochKey): (document: string) => string {
  const salt = fromBase64url(mailbox, 32) ?? new Uint8Array(0);
  const key = derive(founding.secret, salt, 'coterie sealed names 1');
  return (document) => toBase64url(derive(key, salt, `coterie sealed name 1\n${document}`));
}

/** Derived once for each secret, and gone with it. */
const documentKeys = new WeakMap<Uint8Array, Map<string, Uint8Array>>();

/** The key of the records of a document, by its name at the relay, in an epoch: 32 bytes, not to be changed. */
export function documentKey({ id, secret }: EpochKey, document: string): Uint8Array {
  const known = documentKeys.get(secret) ?? new Map<string, Uint8Array>();
  documentKeys.set(secret, known);
  const name = `${id} ${document}`;
  const key = known.get(name) ?? derive(secret, fromBase32(id), `coterie sealed document 1\n${document}`);
  known.set(name, key);
  return key;
}

/** How records name their epoch: 32 bytes, base64url, by which a relay can't find the operation that began it. */
export const epochMark = (crypto: Sha256, epoch: Hash): string =>
  toBase64url(crypto.sha256(utf8(`coterie epoch 1\n${epoch}`)));
