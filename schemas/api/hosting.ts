import { z } from 'zod';
import { Entry } from '../operation.ts';
import { DisplayName, Hash, Millis, PublicKey } from '../primitives.ts';
import { Time } from './common.ts';
import { Address, Admission, AdmissionRequest } from './machines.ts';

/** A replica asks a readable relay to become another one of its workspace. */
export const HostingRequest = z.strictObject({
  workspace: Hash,
  name: DisplayName,
  /** The first operation of the workspace. */
  genesis: Entry,
  /** The `invite.create` that names the public key of `seed`; who asks countersigns it. */
  invite: Hash,
  /** Ed25519 seed of the invite, 32 bytes in base64url: the machine of the members that the relay will speak for. */
  seed: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'a seed is 43 base64url characters'),
  expires: Millis,
  /** Listening key of who asks: it signs the admission. */
  key: PublicKey,
  /** Where who asks listens, whether or not the relay can reach it. */
  addresses: z.array(Address).min(1).max(8),
  /** The relay's enrolment code, where it wants one. */
  code: z.string().min(1).max(128).optional(),
});
export type HostingRequest = z.infer<typeof HostingRequest>;

/** Keys of the relay's new replica, to be countersigned as for any that joins. */
export const HostingOffer = z.strictObject({ admission: AdmissionRequest });
export type HostingOffer = z.infer<typeof HostingOffer>;

export const HostingAdmission = z.strictObject({
  /** Of the request that it answers: nobody else knows it. */
  nonce: z.string().min(16).max(64),
  admission: Admission,
});
export type HostingAdmission = z.infer<typeof HostingAdmission>;

/** Whether a relay hosts a workspace. */
export const Hosted = z.strictObject({ workspace: Hash, hosted: z.literal(true) });
export type Hosted = z.infer<typeof Hosted>;

/** A workspace at a relay, as its operator sees it. */
export const HostedInfo = z.strictObject({
  workspace: z.string(),
  name: z.string(),
  since: Time,
  /** Whether its replica is in memory now. */
  open: z.boolean(),
  /** Requests and sockets now. */
  users: z.int(),
  /** Bytes on disk, as last measured; null before that. */
  bytes: z.int().nullable(),
  quota: z.int(),
  /** Since the relay's start. */
  opened: z.int(),
  requests: z.int(),
  refused: z.int(),
});
export type HostedInfo = z.infer<typeof HostedInfo>;
