import { z } from 'zod';
import { limits } from './limits.ts';
import { Hash, LogName, Millis, Signature, Stamp } from './primitives.ts';

/** History that was brought in. Ids only, never names. */
export const Imported = z.strictObject({
  /** When it happened there, ms. */
  at: Millis,
  /** Its name there, unique for ever: `slack:T1:C2:1700000000.000100`, `beads:bd-12`. Scopes idempotency. */
  source: z.string().min(1).max(512),
  /** Who wrote it there, as a member of this workspace. */
  author: Hash.optional(),
});
export type Imported = z.infer<typeof Imported>;

/** What is signed. Its canonical JSON hashes to the operation's name. */
export const Header = z.strictObject({
  v: z.int().min(1),
  stamp: Stamp,
  /** The hash of the genesis; empty in the genesis itself. */
  workspace: z.union([Hash, z.literal('')]),
  log: LogName,
  /** The hash of the signing key. */
  replica: Hash,
  /** Whom the replica speaks for; absent where it speaks for itself. */
  member: Hash.optional(),
  /** 1, 2, 3 … per replica and log. */
  seq: z.int().min(1),
  /** The replica's operation before this one in this log; empty for its first. */
  prev: z.union([Hash, z.literal('')]),
  /** Heads of the subject that the decision was based on. */
  after: z.array(Hash).max(limits.heads),
  /** Heads of the members log, when they changed since `prev`, and always in a redact. */
  members: z.array(Hash).max(limits.heads).optional(),
  type: z.string().min(1).max(64),
  /** The thing this is about; empty in a creation, whose own hash is the new thing's id. */
  subject: z.union([Hash, z.literal('')]),
  /** Hash of the client's idempotency key. */
  key: Hash.optional(),
  data: z.record(z.string(), z.unknown()),
  /** Hash of the body's canonical JSON, when there is a body. */
  bodyHash: Hash.optional(),
  imported: Imported.optional(),
});
export type Header = z.infer<typeof Header>;

/** Text that can be removed, with 16 random bytes (base32, 26 characters) so that a short text can't be guessed from `bodyHash`. */
export type Body = { readonly salt: string; readonly [field: string]: string };

/** The value in a log document, under the key SHA-256(hash + sig). */
export const Entry = z.strictObject({
  header: Header,
  body: z.record(z.string(), z.string()).optional(),
  sig: Signature,
  /** Hash of the redact operation that removed the body. */
  redacted: Hash.optional(),
});
export interface Entry {
  readonly header: Header;
  readonly body?: Body | undefined;
  readonly sig: string;
  readonly redacted?: Hash | undefined;
}

/** An operation is in exactly one of three states, judged anew when what it waits for arrives or membership changes. */
export type OperationState =
  | { readonly state: 'counted' }
  | { readonly state: 'waiting'; readonly for: readonly WaitingFor[] }
  | {
      readonly state: 'rejected';
      readonly reason: RejectedReason;
      readonly message: string;
      readonly legal?: readonly string[];
    };

export type WaitingFor =
  | { readonly kind: 'key'; readonly replica: Hash }
  | { readonly kind: 'after' | 'members' | 'subject'; readonly hash: Hash }
  | { readonly kind: 'body' }
  | { readonly kind: 'version' };

export const rejectedReasons = [
  'signature',
  'schema',
  'permission',
  'illegal_move',
  'held',
  'not_found',
  'frontier',
] as const;
export type RejectedReason = (typeof rejectedReasons)[number];
