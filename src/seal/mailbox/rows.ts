import type { SealedInvite, SealedJoined } from '../../../schemas/sealed.ts';
import type { Write } from '../../storage/port.ts';
import type { SignedList } from '../wire.ts';

/** Of all mailboxes of a store: which one an invite is of. */
export const inviteIndexKey = (invite: string): string => `i/${invite}`;

const below = (mailbox: string): string => `m/${mailbox}/`;
export const headKey = (mailbox: string): string => `${below(mailbox)}h`;
export const listKey = (mailbox: string): string => `${below(mailbox)}l`;
export const documentKey = (mailbox: string, document: string): string => `${below(mailbox)}d/${document}`;
export const inviteKey = (mailbox: string, invite: string): string => `${below(mailbox)}i/${invite}`;
export const joinedKey = (mailbox: string, key: string): string => `${below(mailbox)}j/${key}`;
export const letterKey = (mailbox: string, number: number): string => `${below(mailbox)}p/${padded(number)}`;
export const recordKey = (mailbox: string, document: string, offset: number): string =>
  `${below(mailbox)}r/${document}/${padded(offset)}`;

/** The range of a kind of rows of a mailbox; of `r` alone those of one document. */
export const rangeOf = (
  mailbox: string,
  kind: 'd' | 'i' | 'j' | 'p' | 'r',
  document = '',
): { gte: string; lt: string } => {
  const start = `${below(mailbox)}${kind}${document && `/${document}`}`;
  // What follows `/` in ASCII.
  return { gte: `${start}/`, lt: `${start}0` };
};

/** Numbers in keys sort as they count. */
const padded = (number: number): string => number.toString(16).padStart(12, '0');

/** The last part of a key. */
export const lastPart = (key: string): string => key.slice(key.lastIndexOf('/') + 1);
export const numberIn = (key: string): number => Number.parseInt(lastPart(key), 16);

export interface HeadRow {
  readonly v: 1;
  readonly incarnation: string;
  /** ms. */
  readonly created: number;
  /** Of all records that are there. */
  bytes: number;
  records: number;
  /** The number of the next letter. */
  letter: number;
  /** How many were ever registered. */
  invites: number;
}

export interface SnapshotRow {
  readonly offset: number;
  /** It stands for all records up to here. */
  readonly to: number;
  readonly author: string;
  /** ms. */
  readonly at: number;
}

export interface DocumentRow {
  base: number;
  baseChain: string;
  /** Bytes of all records up to `base`, and up to `last`, trimmed ones too. */
  baseBytes: number;
  last: number;
  chain: string;
  lastBytes: number;
  /** Those that may still be confirmed. */
  snapshots: readonly SnapshotRow[];
  /** By whose word records were let go. */
  confirmed?: { readonly offset: number; readonly by: string; readonly sig: string };
}

export interface InviteRow {
  readonly registered: SealedInvite;
  revoked: boolean;
  /** By the key of the machine, then by that of the replica. */
  readonly machines: Readonly<Record<string, Readonly<Record<string, CountersignedRow>>>>;
}

export interface CountersignedRow {
  readonly encryption: string;
  readonly at: number;
  readonly sig: string;
}

export type JoinedRow = SealedJoined;
export type ListRow = SignedList;

export const jsonRow = (key: string, value: unknown): Write => [key, Buffer.from(JSON.stringify(value))];

/** What this store wrote itself: its checksum holds. */
export const fromJson = <T>(value: Uint8Array): T => JSON.parse(Buffer.from(value).toString('utf8')) as T;

const chainBytes = 32;
const countBytes = 6;
const aroundRecord = chainBytes + countBytes;

/** A record as it lies there: the chain up to it, the bytes of the document up to it, and it. */
export interface RecordRow {
  readonly chain: string;
  readonly bytes: number;
  readonly record: Uint8Array;
}

export function recordRow(key: string, { chain, bytes, record }: RecordRow): Write {
  const row = Buffer.allocUnsafe(aroundRecord + record.length);
  row.write(chain, 0, 'base64url');
  row.writeUIntBE(bytes, chainBytes, countBytes);
  row.set(record, aroundRecord);
  return [key, row];
}

export function readRecordRow(value: Uint8Array): RecordRow {
  const row = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return {
    chain: row.toString('base64url', 0, chainBytes),
    bytes: row.readUIntBE(chainBytes, countBytes),
    record: row.subarray(aroundRecord),
  };
}

/** A letter as it lies there: two keys of 32 bytes, and what it says. */
export interface Letter {
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
}

export const letterRow = (key: string, { from, to, bytes }: Letter): Write => [
  key,
  Buffer.concat([Buffer.from(from, 'base64url'), Buffer.from(to, 'base64url'), bytes]),
];

export function readLetter(value: Uint8Array): Letter {
  const row = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return {
    from: row.toString('base64url', 0, 32),
    to: row.toString('base64url', 32, 64),
    bytes: row.subarray(64),
  };
}
