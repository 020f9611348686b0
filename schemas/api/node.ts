import { z } from 'zod';
import { DisplayName, Handle, LogName } from '../primitives.ts';
import { memberKinds, roles } from '../values.ts';
import { Base, page, Time } from './common.ts';
import { Peer } from './machines.ts';

export const Member = z.strictObject({
  id: z.string(),
  handle: z.string(),
  name: z.string(),
  kind: z.enum(memberKinds),
  role: z.enum(roles),
  /** Replicas that speak for it; empty for an author of imported history. */
  replicas: z.array(z.string()),
  /** True when this replica speaks for it. */
  hosted: z.boolean(),
  imported: z.boolean(),
  /** Other members with the same handle. */
  twins: z.array(z.string()).optional(),
  created: Time,
  base: Base,
});
export type Member = z.infer<typeof Member>;
export const MemberUpdate = z.strictObject({
  name: DisplayName.optional(),
  handle: Handle.optional(),
  base: Base.optional(),
});

export const RoleGrant = z.strictObject({ role: z.enum(roles) });
export type RoleGrant = z.infer<typeof RoleGrant>;

/** Something that someone should know of, and what to do about it. Nothing is lost by it. */
export const Warning = z.strictObject({ what: z.string(), message: z.string(), hint: z.string() });
export type Warning = z.infer<typeof Warning>;

export const Status = z.strictObject({
  version: z.string(),
  workspace: z.strictObject({ id: z.string(), name: z.string() }),
  replica: z.string(),
  member: z.string().nullable(),
  directory: z.string(),
  durability: z.enum(['sync', 'os']),
  counts: z.strictObject({
    operations: z.int(),
    waiting: z.int(),
    rejected: z.int(),
    members: z.int(),
    channels: z.int(),
    messages: z.int(),
    tasks: z.int(),
    memories: z.int(),
  }),
  /** Newest feed cursor. */
  cursor: z.string(),
  digest: z.string(),
  storage: z.strictObject({ bytes: z.int(), uncheckpointed: z.int(), freeBytes: z.int() }),
  search: z.strictObject({
    ready: z.boolean(),
    behind: z.int(),
    embeddings: z.strictObject({
      /** The model that vectors are of; absent before the first is wanted. */
      model: z.string().optional(),
      /** Why there are none. */
      off: z.string().optional(),
      /** How many documents lack a vector, as far as is known. */
      left: z.int(),
      /** Why none is made at present; it is tried again. */
      trouble: z.string().optional(),
    }),
  }),
  /** Where the replica listens for others; empty while it does not. */
  listening: z.array(z.string()),
  /** Links with other replicas. */
  peers: z.array(Peer),
  /** Copied directories, forks, broken documents, crowded pads, refused updates, relays that were found out, failing checkpoints; empty when all is well. */
  warnings: z.array(Warning),
  since: Time,
});
export type Status = z.infer<typeof Status>;

/** One log document: what a client that knows Yjs opens on `/sync`. */
export const DocumentInfo = z.strictObject({
  /** `log/<log>/<segment>`. */
  document: z.string(),
  log: z.string(),
  segment: z.int(),
  /** Entries that stand in it. */
  entries: z.int(),
  /** Over its keys; equal digests mean equal documents. */
  digest: z.string(),
  /** True for the segment of its log that is written to now. Older ones may still get late operations. */
  newest: z.boolean(),
});
export type DocumentInfo = z.infer<typeof DocumentInfo>;
export const DocumentsQuery = z.strictObject({
  ...page,
  /** Of this log alone. */
  log: LogName.optional(),
});

export const Progress = z.strictObject({ stage: z.string(), done: z.int(), total: z.int().nullable() });
export type Progress = z.infer<typeof Progress>;

export const ImportRequest = z.strictObject({
  format: z.enum(['slack', 'beads', 'reflectt', 'coterie']),
  /** A path on the node's own machine. */
  path: z.string().min(1).max(4096),
});
export const ImportSummary = z.strictObject({
  format: z.string(),
  /** What was read, a noun and its count. */
  read: z.record(z.string(), z.int()),
  /** Newly written here. */
  written: z.record(z.string(), z.int()),
  /** There already, from an earlier import. */
  present: z.record(z.string(), z.int()),
  /** Not written as it stood, with the reason; every one is listed. */
  setAside: z.array(z.strictObject({ what: z.string(), source: z.string(), reason: z.string() })),
  seconds: z.number(),
});
export type ImportSummary = z.infer<typeof ImportSummary>;
export const ExportRequest = z.strictObject({ directory: z.string().min(1).max(4096) });
export const ExportSummary = z.strictObject({ directory: z.string(), files: z.record(z.string(), z.int()) });
export type ExportSummary = z.infer<typeof ExportSummary>;

/** One thing that `doctor` looked at. */
export const Finding = z.strictObject({
  what: z.string(),
  state: z.enum(['ok', 'warning', 'damaged', 'repaired']),
  message: z.string(),
  hint: z.string().optional(),
});
export const DoctorReport = z.strictObject({ ok: z.boolean(), findings: z.array(Finding) });
export type DoctorReport = z.infer<typeof DoctorReport>;
