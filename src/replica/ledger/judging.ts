import {
  CoterieError,
  type Entry,
  type Hash,
  type Header,
  type OperationState,
  operationType,
  type WaitingFor,
} from '../../../schemas/index.ts';
import { judge } from '../../fold/index.ts';
import { epochOf, isArbiters, type Judgement } from '../../fold/members/judge.ts';
import { type Crypto, checkShape, selfKey, verifyAdmission, verifySignature } from '../../op/index.ts';
import { type ChainRow, type HeadRow, keys, type OperationRow } from '../commit/rows.ts';
import { type Reader, sure } from '../commit/transaction.ts';
import type { Arriving } from '../views/context.ts';
import { type AbsorbContext, subjectOf } from './state.ts';

/** What an entry says of itself, apart from its signature. */
export function shapeOf(crypto: Pick<Crypto, 'sha256'>, entry: Entry): Pick<OperationRow, 'flaw' | 'newer'> {
  const state = checkShape(crypto, entry);
  if (state.state === 'rejected') return { flaw: { reason: 'schema', message: state.message } };
  if (state.state === 'waiting' && state.for.some(({ kind }) => kind === 'version')) return { newer: true };
  return {};
}

/** Throws `invalid` for what others would reject for its form, or not understand: it would count here and nowhere else. */
export function refuseMalformed(crypto: Pick<Crypto, 'sha256'>, { header, body }: Arriving): void {
  const { flaw, newer } = shapeOf(crypto, { header, ...(body ? { body } : {}), sig: '' });
  if (!flaw && !newer) return;
  throw new CoterieError(
    'invalid',
    `no replica would take this ${header.type}: ${flaw?.message ?? 'it has unknown fields'}`,
  );
}

/** What the signatures of an operation say; `waiting` for the key of a replica. */
export type Signed = 'holds' | 'fails' | { readonly waiting: Hash };

/** The public key that an operation must be signed with, where it is known. */
export const keyFor = (context: Pick<AbsorbContext, 'membership'>, header: Header): string | undefined =>
  selfKey(header) ?? context.membership.keyOf(header.replica);

/** Checks the signature over the header, and in an admission those of its seed and countersigner. */
export async function checkSignatures(
  context: Pick<AbsorbContext, 'membership' | 'crypto'>,
  entry: Pick<Entry, 'header' | 'sig'>,
  signedBytes?: Uint8Array,
): Promise<Signed> {
  const { header } = entry;
  const key = keyFor(context, header);
  if (key === undefined) return { waiting: header.replica };
  if (!(await verifySignature(context.crypto, entry, key, signedBytes))) return 'fails';
  if (header.type !== 'replica.admit') return 'holds';
  const proof = await verifyAdmission(context.crypto, header, (replica) => context.membership.keyOf(replica));
  if (proof.state === 'waiting') return { waiting: proof.replica };
  return proof.state === 'holds' ? 'holds' : 'fails';
}

/** Waits for something without which its place among others is not known, so what follows it waits as well. */
export const isBlocked = (state: OperationState | undefined): boolean =>
  state?.state === 'waiting' && state.for.some(({ kind }) => kind !== 'body' && kind !== 'version');

const subjectsOfTheirOwn: ReadonlySet<string> = new Set(['creation', 'workspace', 'member']);

const rowAt = (reader: Reader, hash: Hash): Promise<OperationRow | undefined> =>
  sure<OperationRow>(reader, keys.operation(hash));

async function isMissing(reader: Reader, hash: Hash): Promise<boolean> {
  const there = await rowAt(reader, hash);
  return !there || isBlocked(there.state);
}

/** The replica whose key is not known: its own, or an admission's countersigner. */
function keyWait(context: AbsorbContext, header: Header): WaitingFor {
  const countersigner = (header.data['countersign'] as { replica?: Hash } | undefined)?.replica;
  const replica = keyFor(context, header) === undefined ? header.replica : countersigner;
  return { kind: 'key', replica: replica ?? header.replica };
}

/** The thing that it is about, where that is made by an operation. */
async function subjectWait(context: AbsorbContext, reader: Reader, header: Header): Promise<WaitingFor[]> {
  const { log, subject, type } = header;
  const wanted = operationType(type)?.subject;
  if (log === 'members' || log.startsWith('marks.')) return [];
  if (wanted === undefined || subjectsOfTheirOwn.has(wanted)) return [];
  const there = await rowAt(reader, subject);
  const known = there !== undefined || context.defaultChannel(subject) !== undefined;
  return known && there?.state?.state !== 'waiting' ? [] : [{ kind: 'subject', hash: subject }];
}

/**
 * What an operation waits for, with `reader` as all there is: its key, its causes, its body, a version. Not for what is
 * before it in its chain: newest segments come first, and what counts must follow from what is here alone. A body that is missing counts as removed while a redact of the thing is here and not rejected.
 */
export async function waitsOf(
  context: AbsorbContext,
  reader: Reader,
  { hash, header }: Arriving,
  row: OperationRow,
): Promise<WaitingFor[]> {
  if (row.unchecked) return [keyWait(context, header)];
  const waits: WaitingFor[] = [];
  for (const kind of ['after', 'members'] as const)
    for (const one of header[kind] ?? []) if (await isMissing(reader, one)) waits.push({ kind, hash: one });
  const term = isArbiters(header) ? epochOf(header)?.move : undefined;
  if (term !== undefined && (await isMissing(reader, term))) waits.push({ kind: 'members', hash: term });
  if (row.newer) return [...waits, { kind: 'version' }];
  if (header.bodyHash !== undefined && !row.body && !(await isRemoved(reader, hash, header, row.redacted)))
    waits.push({ kind: 'body' });
  return [...waits, ...(await subjectWait(context, reader, header))];
}

/** The redact that an entry names as what took its body, if it is one of the same thing and here. */
export async function redactOf(
  reader: Reader,
  hash: Hash,
  header: Header,
  redacted: Hash | undefined,
): Promise<OperationRow | undefined> {
  if (redacted === undefined) return undefined;
  const redact = await sure<OperationRow>(reader, keys.operation(redacted));
  if (redact?.header.type !== 'redact' || redact.flaw || redact.unchecked) return undefined;
  // A member's names are removed by the member's id.
  const same = redact.header.subject === subjectOf(hash, header) || header.log === 'members';
  return same && redact.header.log === header.log ? redact : undefined;
}

/** Whether a redact of the thing is here, and not rejected: then the body that is missing was removed. */
async function isRemoved(
  reader: Reader,
  hash: Hash,
  header: Header,
  redacted: Hash | undefined,
): Promise<boolean> {
  const named = await redactOf(reader, hash, header, redacted);
  if (named && named.state?.state !== 'rejected') return true;
  for (const [key] of await reader.under<number>(`v/on/${subjectOf(hash, header)}/`)) {
    const redact = await redactOf(reader, hash, header, key.slice(key.lastIndexOf('/') + 1));
    if (redact && redact.state?.state !== 'rejected') return true;
  }
  return false;
}

/** Names under which an operation waits. */
export const waitNames = (waits: readonly WaitingFor[], { hash, header }: Arriving): string[] =>
  waits.map((wait) => {
    if (wait.kind === 'key') return `key.${wait.replica}`;
    if (wait.kind === 'body') return `redact.${subjectOf(hash, header)}`;
    return wait.kind === 'version' ? wait.kind : `op.${wait.hash}`;
  });

/**
 * What membership says of an operation that waits for nothing. A redact is judged by the membership that it names, so
 * that nothing that came later or elsewhere brings a text back.
 */
export function judgementOf(
  context: Pick<AbsorbContext, 'membership'>,
  reader: Pick<Reader, 'get'>,
  hash: Hash,
  header: Header,
): Judgement {
  const { membership } = context;
  const members = header.type === 'redact' ? membership.at(header.members ?? []) : membership.state;
  return judge({ hash, header }, members, (one, frontier) =>
    frontier.some((last) => isAtOrBefore(reader, one, header, last)),
  );
}

/** Whether an operation is `last`, or before it in its replica's chain. */
function isAtOrBefore(reader: Pick<Reader, 'get'>, hash: Hash, header: Header, last: Hash): boolean {
  if (hash === last) return true;
  const end = reader.get<OperationRow>(keys.operation(last));
  if (!end || end.flaw || end.unchecked) return false;
  const { log, replica, seq } = end.header;
  if (log !== header.log || replica !== header.replica || seq < header.seq) return false;
  const head = reader.get<HeadRow>(keys.head(log, replica));
  if (head?.trunk === undefined || header.seq <= head.trunk)
    return reader.get<ChainRow>(keys.chain(log, replica, header.seq))?.hash === hash;
  // Beyond a fork a number tells no branch from the other.
  let at: OperationRow | undefined = end;
  while (at && at.header.seq > header.seq + 1) at = reader.get<OperationRow>(keys.operation(at.header.prev));
  return at?.header.prev === hash;
}
