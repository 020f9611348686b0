import type {
  Body,
  Entry,
  Hash,
  Header,
  InboxItem,
  OperationState,
  TaskStatus,
} from '../../../schemas/index.ts';
import type { Mark } from '../../fold/index.ts';

/** Version of the views: raise it when their shape changes, and they are rebuilt from the operations at opening. */
export const viewsVersion = 15;

const width = 11;
/** A number as a key part: fixed width, so that text order is number order. */
export const pad = (n: number): string => String(n).padStart(width, '0');
/** A number that someone else chose: any safe integer. */
const padAny = (n: number): string => String(n).padStart(16, '0');

/** Where everything lies in the journal. `records`, `operations` and `feed` are facts; the rest are views. */
export const keys = {
  meta: (name: string) => `meta/${name}`,
  /** Updates of a document since its checkpoints. */
  record: (document: string, n: number) => `rec/${document}/${pad(n)}`,
  operation: (hash: Hash) => `op/${hash}`,
  feed: (n: number) => `feed/${pad(n)}`,
  /** An entry of an operation under another signature than its own: a fact, for documents are made from them. */
  twin: (hash: Hash, key: Hash) => `twin/${hash}/${key}`,
  /** A replica's chain in a log: seq -> hash, and what it is to those who read. */
  chain: (log: string, replica: Hash, seq: number) => `v/chain/${log}/${replica}/${padAny(seq)}`,
  /** What a stretch of `blockSize` operations of a chain holds, so that a long range is counted fast. */
  block: (log: string, replica: Hash, block: number) => `v/block/${log}/${replica}/${padAny(block)}`,
  /** Head of a chain. */
  head: (log: string, replica: Hash) => `v/head/${log}/${replica}`,
  /** Operations of a chain from where it forks on, each singly. */
  /** With an empty hash all of one number. */
  forked: (log: string, replica: Hash, seq: number, hash: Hash | '') =>
    `v/forked/${log}/${replica}/${padAny(seq)}/${hash}`,
  /** Operations of a chain that name one `prev`. */
  fork: (log: string, replica: Hash, prev: Hash | '') => `v/fork/${log}/${replica}/${prev}`,
  /** Entries that came into a document with its record `n`: keys and operations. */
  place: (document: string, n: number | string) => `v/at/${document}/${typeof n === 'number' ? pad(n) : n}`,
  /** A segment that exists. */
  part: (log: string, n: number) => `v/part/${log}/${pad(n)}`,
  /** How many operations of a marks log say that they were written into this segment, count, and stand there. */
  marked: (log: string, n: number) => `v/marked/${log}/${pad(n)}`,
  /** What is to be judged again, or released, in a following write. */
  duty: (kind: 'judge' | 'release', what: string) => `v/duty/${kind}/${what}`,
  /** A document whose Yjs structures are broken here: synced by key. */
  split: (document: string) => `split/${document}`,
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
  /** A direct conversation, for each who is in it. */
  direct: (member: Hash, id: Hash) => `v/direct/${member}/${id}`,
  channelName: (name: string, id: Hash) => `v/name/${name}/${id}`,
  message: (channel: Hash, order: string) => `v/message/${channel}/${order}`,
  reply: (root: Hash, order: string) => `v/reply/${root}/${order}`,
  thread: (root: Hash) => `v/thread/${root}`,
  /** Tasks that can be begun: by priority, then due, then age. */
  ready: (priority: string, due: number, order: string) => `v/ready/${priority}/${padAny(due)}/${order}`,
  /** What follows for a task from those that block it. */
  flow: (task: Hash) => `v/flow/${task}`,
  taskAll: (order: string) => `v/tasks/${order}`,
  short: (short: string, id: Hash) => `v/short/${short}/${id}`,
  shortCount: (prefix: string) => `v/shorts/${prefix}`,
  /** Tasks that somebody holds, or asks for. */
  held: (task: Hash) => `v/held/${task}`,
  comment: (task: Hash, order: string) => `v/comment/${task}/${order}`,
  comments: (task: Hash) => `v/comments/${task}`,
  link: (to: Hash, kind: string, from: Hash) => `v/link/${to}/${kind}/${from}`,
  /** Held links out of a task that must stay without cycles. */
  edge: (kind: string, from: Hash, to: Hash) => `v/edge/${kind}/${from}/${to}`,
  dropped: (from: Hash, kind: string, to: Hash) => `v/dropped/${from}/${kind}/${to}`,
  memory: (order: string) => `v/memory/${order}`,
  memoryKey: (keyHash: Hash, id: Hash) => `v/memorykey/${keyHash}/${id}`,
  superseded: (id: Hash, by: Hash) => `v/superseded/${id}/${by}`,
  reservation: (order: string) => `v/reservation/${order}`,
  /** A reservation that no operation ended, by its deadline in ms. */
  lease: (until: number, id: Hash | '') => `v/lease/${padAny(until)}/${id}`,
  /** (member, idempotency key) or an import's source -> operations, the thing first. */
  idempotency: (scope: string, keyHash: Hash) => `key/${scope}/${keyHash}`,
  /** Operations that can be news to someone, by feed number. */
  news: (n: number) => `v/news/${pad(n)}`,
  /** Open inbox items of a member, in the order in which they came up here. */
  inbox: (member: Hash, n: number) => `v/inbox/${member}/${pad(n)}`,
  /** The place of an open inbox item, by its id. */
  item: (member: Hash, id: Hash | '') => `v/item/${member}/${id}`,
  /** Open inbox items that stand for an operation of another, by its place in its chain. */
  call: (member: Hash, log: string, replica: Hash, seq: number, id: Hash | '') =>
    `v/call/${member}/${log}/${replica}/${padAny(seq)}/${id}`,
  /** How many open inbox items a member has. */
  items: (member: Hash) => `v/items/${member}`,
  /** Whom an operation calls, and by which item. */
  called: (hash: Hash) => `v/called/${hash}`,
  /** Inbox items that follow from a state: whose, and which. */
  told: (scope: string) => `v/told/${scope}`,
  /** Messages and comments that mention a handle which nobody bore. */
  awaited: (handle: Hash, hash: Hash | '') => `v/awaited/${handle}/${hash}`,
  /** A member's mark. */
  mark: (member: Hash) => `mark/${member}`,
  waiting: (hash: Hash) => `v/waiting/${hash}`,
  /** What waits for one operation: a list, for it is short. */
  waitingOn: (name: string) => `v/waitingfor/${name}`,
  waitingFor: (name: string, hash: Hash) => `v/waitingfor/${name}/${hash}`,
  rejected: (hash: Hash) => `v/rejected/${hash}`,
  /** Until when another replica was seen to have what is here. */
  seen: (replica: Hash) => `seen/${replica}`,
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
  /** Other segments in which the same entry stands. */
  readonly also?: readonly number[] | undefined;
  /** The same header stands in documents under other signatures too. */
  readonly twins?: true | undefined;
  /** What is wrong with the entry itself: it is kept and never folded. */
  readonly flaw?: { readonly reason: 'signature' | 'schema'; readonly message: string } | undefined;
  /** Its signature was not looked at yet: the key is not known here. */
  readonly unchecked?: true | undefined;
  /** Of a later version, or of a type or with fields that this one does not know. */
  readonly newer?: true | undefined;
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
  /** The highest operation of the chain; of a forked one, of the branch that came first here. */
  readonly seq: number;
  readonly hash: Hash;
  /** Heads of the members log as this chain last carried them, joined. */
  readonly members: string;
  /** The last operation before the chain forks. */
  readonly trunk?: number | undefined;
}

export interface ChainRow {
  readonly hash: Hash;
  /** Member that speaks. */
  readonly by?: Hash | undefined;
  /** Counted, and can be news to someone. */
  readonly news?: 1 | undefined;
  readonly waits?: 1 | undefined;
}

export interface ForkedRow extends Omit<ChainRow, 'hash'> {
  readonly seq: number;
}

/** Operations in one block. */
export const blockSize = 256;
export const blockOf = (seq: number): number => Math.floor((seq - 1) / blockSize);

export interface BlockRow {
  /** Operations that are here. */
  readonly held: number;
  readonly waits: number;
  readonly news: number;
  /** News by each member. */
  readonly own: Readonly<Record<Hash, number>>;
}

/** An entry with another signature than the one that counts. */
export interface TwinRow {
  readonly sig: string;
  readonly segments: readonly number[];
}

/** Entries of a document: key and operation. */
export type PlaceRow = readonly (readonly [key: Hash, hash: Hash])[];

export interface PartRow {
  readonly operations: number;
  readonly bytes: number;
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
  readonly digest?: string | undefined;
  /** Entries that stand in it, and its state vector as base64url. */
  readonly entries?: number | undefined;
  readonly vector?: string | undefined;
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

/** Digests were equal at `at`, ms: the other replica had the first `arrival` operations that arrived here. */
export interface SeenRow {
  readonly arrival: number;
  readonly at: number;
}

/** Why something needs a member. */
export type Because = InboxItem['kind'];

/** An open inbox item. */
export interface ItemRow {
  readonly id: Hash;
  readonly kind: Because;
  /** What caused it: operations, or channels that exist without one. */
  readonly operations: readonly Hash[];
  /** The thing that it is about. */
  readonly subject: Hash;
  readonly log: string;
  readonly fields?: readonly string[] | undefined;
  /** It is acknowledged with its operation. Absent: by its own id. */
  readonly call?: true | undefined;
}

/** What follows for a task from those that block it. No row: nothing. */
export interface FlowRow {
  /** Where it stands among those that can be begun. */
  readonly ready?: string | undefined;
  /** Nothing blocks it any more: what it is again. */
  readonly now?: TaskStatus | undefined;
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
  /** Inbox items that came up so far, of all members. */
  readonly items: number;
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
  items: 0,
  linkStamp: '',
  linksDropped: 0,
};

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
export const encodeRow = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));
export const decodeRow = <T>(bytes: Uint8Array): T => JSON.parse(decoder.decode(bytes)) as T;
