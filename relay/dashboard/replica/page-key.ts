import { type DBSchema, openDB } from 'idb';
import { CoterieError, type OwnReplicaRequest } from '../../../schemas/index.ts';
import { fromBase64url, hash16, type Signer, toBase64url } from '../../../src/op/index.ts';
import type { ReplicaKey } from '../../../src/replica/workspace/key.ts';
import { nodeCrypto, x25519FromSeed } from './stand-ins/keys.ts';

interface Kept {
  /** Ed25519 of WebCrypto: it signs, and can't be read out. */
  readonly signing: CryptoKeyPair;
  readonly publicKey: string;
  /** Of what is sealed to this replica. */
  readonly seed: Uint8Array;
}

interface Keys extends DBSchema {
  keys: { key: string; value: Kept };
}

let opened: OwnReplicaRequest | undefined;

/** The public keys of the replica that was opened last. */
export function openedKeys(): OwnReplicaRequest {
  if (!opened) throw new TypeError('no replica was opened yet');
  return opened;
}

async function made(random: (bytes: number) => Uint8Array): Promise<Kept> {
  let signing: CryptoKeyPair;
  try {
    signing = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  } catch (cause) {
    throw new CoterieError('unsupported', 'This browser has no Ed25519 in WebCrypto.', {
      hint: 'The page works without a replica of its own, as long as the node answers; a newer browser has it.',
      cause,
    });
  }
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', signing.publicKey));
  return { signing, publicKey: toBase64url(raw), seed: random(32) };
}

function signerOf({ signing, publicKey }: Kept): Signer {
  return {
    publicKey,
    id: hash16(nodeCrypto, fromBase64url(publicKey, 32) as Uint8Array),
    async sign(bytes) {
      const sig = await crypto.subtle.sign('Ed25519', signing.privateKey, new Uint8Array(bytes));
      return toBase64url(new Uint8Array(sig));
    },
  };
}

/** The replica's key, made at its first opening and kept in IndexedDB, where no script can read it out. */
export async function openPageKey(name: string, random: (bytes: number) => Uint8Array): Promise<ReplicaKey> {
  const database = await openDB<Keys>('coterie-keys', 1, {
    upgrade: (fresh) => void fresh.createObjectStore('keys'),
  });
  try {
    let kept = await database.get('keys', name);
    if (!kept) {
      const fresh = await made(random);
      // Another tab may have been first.
      const writing = database.transaction('keys', 'readwrite', { durability: 'strict' });
      kept = (await writing.store.get(name)) ?? fresh;
      await writing.store.put(kept, name);
      await writing.done;
    }
    opened = { key: kept.publicKey, encryption: x25519FromSeed(kept.seed).publicKey };
    return { signer: signerOf(kept), seed: kept.seed };
  } finally {
    database.close();
  }
}

/** Forgets the key: the replica that it was is nobody's from then on. */
export async function forgetPageKey(name: string): Promise<void> {
  const database = await openDB<Keys>('coterie-keys', 1, {
    upgrade: (fresh) => void fresh.createObjectStore('keys'),
  });
  await database.delete('keys', name);
  database.close();
}
