import type { Hash, Header, PublicKey } from '../../schemas/index.ts';
import type { Crypto, Signer } from './crypto.ts';
import { fromBase64url, utf8 } from './encoding/bytes.ts';
import { canonical } from './encoding/canonical.ts';
import { keyId } from './hash.ts';

/** Whose keys are admitted where, and on whose word. */
export interface Admitted {
  readonly workspace: Hash;
  /** Ed25519 of the new replica, base64url. */
  readonly key: PublicKey;
  /** X25519 of the new replica, base64url. */
  readonly encryption: PublicKey;
  /** Public key of the seed that vouches. */
  readonly seed: PublicKey;
}

/** What the seed signs: the `proof` of a `replica.admit`. */
export const proofBytes = ({ workspace, key, encryption, seed }: Admitted): Uint8Array =>
  utf8(canonical({ workspace, key, encryption, seed }));

/** The `seed` and `proof` of a `replica.admit`, by the seed that vouches for the keys: a machine's, or a ticket's. */
export async function proveAdmission(
  seed: Pick<Signer, 'publicKey' | 'sign'>,
  admitted: Omit<Admitted, 'seed'>,
): Promise<{ readonly seed: PublicKey; readonly proof: string }> {
  const { publicKey } = seed;
  return { seed: publicKey, proof: await seed.sign(proofBytes({ ...admitted, seed: publicKey })) };
}

/** What the countersigner of an invite signs: the same, the invite, and when it looked at expiry and uses, ms. */
export const countersignBytes = (
  { workspace, key, encryption, seed }: Admitted,
  invite: Hash,
  at: number,
): Uint8Array => utf8(canonical({ workspace, key, encryption, seed, invite, at }));

/** What the signatures inside an admission say. */
export type AdmissionProof =
  | { readonly state: 'holds' }
  | { readonly state: 'fails'; readonly message: string }
  /** The key of its countersigner is not known yet. */
  | { readonly state: 'waiting'; readonly replica: Hash };

/** Whether this is a key at all: what is signed may hold anything. */
const isKey = (value: unknown): value is PublicKey =>
  typeof value === 'string' && fromBase64url(value, 32) !== undefined;

const fails = (message: string): AdmissionProof => ({ state: 'fails', message });
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * Checks the signatures inside a `replica.admit`, beside the one over its header: the seed's, and the countersigner's
 * where there is one. Whether that seed may vouch is the fold's to judge. `keyOf` gives a replica's public key; who
 * countersigns and is none brings its own, by whose hash its invite names it.
 */
export async function verifyAdmission(
  crypto: Pick<Crypto, 'verify' | 'sha256'>,
  { workspace, data }: Pick<Header, 'workspace' | 'data'>,
  keyOf: (replica: Hash) => PublicKey | undefined,
): Promise<AdmissionProof> {
  const admitted: Admitted = {
    workspace,
    key: text(data['key']),
    encryption: text(data['encryption']),
    seed: text(data['seed']),
  };
  if (!(await crypto.verify(admitted.seed, proofBytes(admitted), text(data['proof']))))
    return fails('the signature of its seed does not hold');
  const { countersign } = data;
  if (countersign === undefined) return { state: 'holds' };
  if (typeof countersign !== 'object' || countersign === null || Array.isArray(countersign))
    return fails('its countersignature has another shape');
  const { replica, at, sig, key: own } = countersign as Readonly<Record<string, unknown>>;
  if (own !== undefined && (!isKey(own) || keyId(crypto, own) !== replica))
    return fails('the key of its countersigner is that of another');
  const key = keyOf(text(replica)) ?? own;
  if (key === undefined) return { state: 'waiting', replica: text(replica) };
  const bytes = countersignBytes(admitted, text(data['invite']), typeof at === 'number' ? at : 0);
  if (!(await crypto.verify(key, bytes, text(sig)))) return fails('its countersignature does not hold');
  return { state: 'holds' };
}
