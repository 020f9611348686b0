import { z } from 'zod';
import { Hash, Millis, PublicKey, Signature } from './primitives.ts';

/** The wire of `/sealed/<mailbox>`: constants of protocol 1, listed in docs/spec/sealed.md. */
export const sealedProtocol = {
  /** Versions that this code speaks, best first. */
  versions: [1],
  /** What both sides agree on beside `token.<proof>`. */
  subprotocol: 'coterie.sealed.1',
  /** What this code does beside what everybody of version 1 does. */
  capabilities: [] as readonly string[],
  /** A frame, bytes. */
  frameBytes: 2 * 1024 * 1024,
  /** A record, bytes: an update of 1 MiB, and what is around it. */
  recordBytes: 1024 * 1024 + 64 * 1024,
  /** Keys on a list of who is admitted. */
  keys: 4_096,
  /** A list of who is admitted, bytes of JSON. */
  listBytes: 512 * 1024,
  /** A letter, bytes. */
  letterBytes: 16 * 1024,
  /** An invite or an admission as it is told, bytes of JSON. */
  noteBytes: 8 * 1024,
  /** Bytes of records of one answer to `read`, at most. */
  readBytes: 1024 * 1024 + 256 * 1024,
  /** Records in one answer to `read`. */
  recordsInFrame: 4_096,
} as const;

/** Why a session of a revoked key ends: it need not come again. That of a key which may be admitted yet has another. */
export const revokedReason = 'this key is revoked';

/** Types of frames; some mean another thing in each direction. */
export const sealedFrame = {
  hello: 0,
  create: 1,
  inventory: 2,
  read: 3,
  /** The answer to `read`. */
  records: 3,
  append: 4,
  /** The answer to `append`. */
  appended: 4,
  entry: 5,
  subscribe: 6,
  confirm: 7,
  trimmed: 8,
  list: 9,
  invite: 10,
  uninvite: 11,
  letter: 12,
  letterTaken: 13,
  joined: 14,
  token: 15,
  ping: 16,
  pong: 17,
  ok: 18,
  error: 19,
  bye: 20,
} as const;

/** Why a relay did not do what it was asked, in the order of their numbers on the wire: new ones come at the end. */
export const sealedErrors = [
  /** This side failed; the same may work later. */
  'failed',
  /** There is no such mailbox, document, snapshot or invite. */
  'not_found',
  /** There is one already. */
  'exists',
  /** Who makes a mailbox needs the relay's enrolment code. */
  'enrolment',
  /** An admin alone may do that. */
  'not_admin',
  /** The list is not signed by an admin of the one before, or not in its form. */
  'list_forged',
  /** The list does not follow on the one that is here. */
  'list_version',
  /** The record is not in the form of records, or not by who sent it. */
  'record_invalid',
  /** What the snapshot names is not what is here. */
  'wrong_chain',
  /** Who made a snapshot does not confirm it, unless it is alone, and then after some days. */
  'own_snapshot',
  /** The signature does not hold. */
  'forged',
  /** The mailbox is full. */
  'quota',
  /** Too much in too short a time. */
  'rate',
  /** It is over a bound of size or number. */
  'too_large',
  /** It cannot be understood. */
  'invalid',
] as const;
export type SealedError = (typeof sealedErrors)[number];

/** Who may use a mailbox: what an admin's key signs, as canonical JSON. */
export const AdmittedList = z.strictObject({
  v: z.literal(1),
  mailbox: PublicKey,
  /** One more than the list before. */
  version: z.int().min(1),
  /** Ed25519 keys of replicas, each once, in ascending order. */
  keys: z
    .array(z.strictObject({ key: PublicKey, admin: z.boolean() }))
    .min(1)
    .max(sealedProtocol.keys),
  /** Keys that are not let in, also where they come by an invite. */
  revoked: z.array(PublicKey).max(sealedProtocol.keys),
  /** SHA-256 of the text of the list before, base64url; null for the first. */
  prev: PublicKey.nullable(),
  /** Who signs it: an admin of the list before, or of itself where it is the first. */
  by: PublicKey,
});
export type AdmittedList = z.infer<typeof AdmittedList>;

/** An invite that the relay countersigns, as an admin's session registers it. */
export const SealedInvite = z.strictObject({
  invite: Hash,
  workspace: Hash,
  /** Public key of the ticket's seed. */
  seed: PublicKey,
  uses: z.int().min(1).max(10_000),
  /** ms. */
  expires: Millis,
});
export type SealedInvite = z.infer<typeof SealedInvite>;

/** A replica that came in by an invite, as the relay tells of it until it is on the list. */
export const SealedJoined = z.strictObject({
  key: PublicKey,
  encryption: PublicKey,
  workspace: Hash,
  invite: Hash,
  seed: PublicKey,
  machine: PublicKey,
  /** The seed's signature over the new replica's keys. */
  proof: Signature,
  countersign: z.strictObject({ replica: Hash, at: Millis, sig: Signature }),
});
export type SealedJoined = z.infer<typeof SealedJoined>;
