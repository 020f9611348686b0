import type { Body, Entry, Hash, Header, OperationState } from '../../../schemas/index.ts';
import type { Mark } from '../../fold/index.ts';

/** Version of the views: raise it when their shape changes, and they are rebuilt from the operations at opening. */
export const viewsVersion = 1;

const width = 11;
/** A number as a key part: fixed width, so that text order is number order. */
export const pad = (n: number): string => String(n).padStart(width, '0');

/** Where everything lies in the journal. `records`, `operations` and `feed` are facts; the rest are views. */
export const keys = {
  meta: (name: string) => `meta/${name}`,
  /** Updates of a document since its checkpoints. */
  record: (document: string, n: number) => `rec/${document}/${pad(n)}`,
  operation: (hash: Hash) => `op/${hash}`,
  feed: (n: number) => `feed/${pad(n)}`,
  /** A replica's chain in a log: seq -> hash and running count of arrivals. */
  chain: (log: string, replica: Hash, seq: number) => `v/chain/${log}/${replica}/${pad(seq)}`,
  /** Head of a chain. */
  head: (log: string, replica: Hash) => `v/head/${log}/${replica}`,
  /** A member's own arrivals in a chain: running count. */
  own: (member: Hash, log: string, replica: Hash, seq: number) =>
    `v/own/${member}/${log}/${replica}/${pad(seq)}`,
  /** Folded state of a subject that has more than its creation. */
  state: (subject: Hash) => `v/state/${subject}`,
  /** Operations on a subject, besides its creation. */
  on: (subject: Hash, hash: Hash) => `v/on/${subject}/${hash}`,
  /** The newest segment of a log: number, operations, bytes. */
  segment: (log: string) => `segment/${log}`,
  /** A checkpointed document: last record it holds, and its digest when it is closed. */
  checkpoint: (document: string) => `checkpoint/${document}`,
  /** What of a document is in records and not in its checkpoint. */
  tail: (document: string) => `tail/${document}`,
  channel: (id: Hash) => `v/channel/${id}`,
  channelName: (name: string, id: Hash) => `v/name/${name}/${id}`,
  message: (channel: Hash, order: string) => `v/message/${channel}/${order}`,
  reply: (root: Hash, order: string) => `v/reply/${root}/${order}`,
  thread: (root: Hash) => `v/thread/${root}`,
  task: (status: string, priority: string, order: string) => `v/task/${status}/${priority}/${order}`,
  taskAll: (order: string) => `v/tasks/${order}`,
  short: (short: string, id: Hash) => `v/short/${short}/${id}`,
  shortCount: (prefix: string) => `v/shorts/${prefix}`,
  comment: (task: Hash, order: string) => `v/comment/${task}/${order}`,
  comments: (task: Hash) => `v/comments/${task}`,
  link: (to: Hash, kind: string, from: Hash) => `v/link/${to}/${kind}/${from}`,
  /** Held links out of a task that must stay without cycles. */
  edge: (kind: string, from: Hash, to: Hash) => `v/edge/${kind}/${from}/${to}`,
  dropped: (from: Hash, kind: string, to: Hash) => `v/dropped/${from}/${kind}/${to}`,
  memory: (order: string) => `v/memory/${order}`,
  memoryKey: (keyHash: Hash, id: Hash) => `v/memorykey/${keyHash}/${id}`,
  superseded: (id: Hash, by: Hash) => `v/superseded/${id}/${by}`,
  /** (member, idempotency key) or an import's source -> operations, the thing first. */
  idempotency: (scope: string, keyHash: Hash) => `key/${scope}/${keyHash}`,
  /** Operations that can be news to someone, by feed number. */
  news: (n: number) => `v/news/${pad(n)}`,
  /** What needs a member, by feed number. */
  need: (member: Hash, n: number) => `v/need/${member}/${pad(n)}`,
  /** A member's mark. */
  mark: (member: Hash) => `mark/${member}`,
  waiting: (hash: Hash) => `v/waiting/${hash}`,
  waitingFor: (what: string, hash: Hash) => `v/waitingfor/${what}/${hash}`,
  rejected: (hash: Hash) => `v/rejected/${hash}`,
  /** Documents whose removed text is still on disk. */
  purge: (document: string) => `purge/${document}`,
} as const;

/** All keys that begin so. */
export const under = (prefix: string): { gte: string; lt: string } => ({
  gte: prefix,
  lt: `${prefix}\u{10ffff}`,
});

/** An operation as it is stored: the entry, where it stands, and its state. */
export interface OperationRow {
  readonly header: Header;
  readonly body?: Body | undefined;
  /** Filled when the signature is there, before the row is written. */
  sig: string;
  readonly redacted?: Hash | undefined;
  /** Number of the segment of its log in which it stands. */
  readonly segment: number;
  /** The how-manieth operation here; views are made anew in this order. */
  readonly arrival?: number | undefined;
  /** Feed number, once it counted. */
  readonly feed?: number | undefined;
  /** Absent = counted. */
  readonly state?: OperationState | undefined;
}

export const entryOf = (row: OperationRow): Entry => ({
  header: row.header,
  ...(row.body ? { body: row.body } : {}),
  sig: row.sig,
  ...(row.redacted ? { redacted: row.redacted } : {}),
});

export interface HeadRow {
  readonly seq: number;
  readonly hash: Hash;
  /** Heads of the members log as this chain last carried them, joined. */
  readonly members: string;
  /** Arrivals in this chain: counted operations that can be news to someone. */
  readonly arrivals: number;
}

export interface ChainRow {
  readonly hash: Hash;
  readonly arrivals: number;
}

/** A counted operation, or news about a subject that was reported before. */
export type FeedRow =
  | { readonly hash: Hash }
  | { readonly revised: Hash; readonly cause: Hash; readonly log: string };

export interface SegmentRow {
  readonly n: number;
  readonly operations: number;
  readonly bytes: number;
}

export interface CheckpointRow {
  /** The last record whose content the stored document holds. */
  readonly through: number;
  /** Digest of a closed segment. */
  readonly digest?: string | undefined;
}

/** What of a document is not checkpointed: records `from` to `through`. */
export interface TailRow {
  readonly from: number;
  readonly through: number;
  readonly operations: number;
  readonly bytes: number;
  /** Digest of the document with all of them, noted at closing; the next record takes it away. */
  readonly digest?: string | undefined;
}

/** How far a member has read, here. */
export interface MarkRow {
  readonly mark: Mark;
  /** What the member's log says; the rest follows within a minute. */
  readonly written: Mark;
  /** Everything in the feed up to here is covered. */
  readonly low: number;
}

/** Written with every commit group. */
export interface CountersRow {
  readonly feed: number;
  /** Highest stamp seen or written. */
  readonly stamp: string;
  readonly operations: number;
  readonly waiting: number;
  readonly rejected: number;
  readonly messages: number;
  readonly tasks: number;
  readonly memories: number;
  readonly channels: number;
  /** Highest stamp of a link, and how many are dropped: they decide when the link graph must be resolved anew. */
  readonly linkStamp: string;
  readonly linksDropped: number;
}

export const emptyCounters: CountersRow = {
  feed: 0,
  stamp: '',
  operations: 0,
  waiting: 0,
  rejected: 0,
  messages: 0,
  tasks: 0,
  memories: 0,
  channels: 0,
  linkStamp: '',
  linksDropped: 0,
};

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
export const encodeRow = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));
export const decodeRow = <T>(bytes: Uint8Array): T => JSON.parse(decoder.decode(bytes)) as T;
