import type { Hash, Header, OperationTypeName, Stamp } from '../../../schemas/index.ts';
import { everything } from '../../fold/fold.ts';
import { foldFor, foldOf } from '../../fold/index.ts';
import type { AnyState, ChannelState } from '../../fold/types.ts';
import type { Crypto } from '../../op/index.ts';
import type { Work } from '../commit/commits.ts';
import { type CountersRow, keys, type OperationRow } from '../commit/rows.ts';
import type { Reader } from '../commit/transaction.ts';
import type { Documents } from '../documents/documents.ts';
import type { Membership } from './membership.ts';

/** What taking in operations stands on. */
export interface AbsorbContext {
  readonly crypto: Crypto;
  /** Follows the stamp of an operation from elsewhere. Returns the highest that this clock gave or followed. */
  readonly follow: (stamp: Stamp) => Stamp | undefined;
  /** What operations wait for here, and perhaps more: the rows have the say. */
  readonly awaited: Set<string>;
  /** Marks logs of which another segment may be the newest now, until somebody looks. */
  readonly moved: Set<string>;
  /** Who holds a task, or asks for it, changed, and that is durable now. */
  readonly onHeld: (task: Hash) => void;
  /** The arbiter may be another replica now. */
  readonly onArbiter: () => void;
  /** Who belongs to the workspace changed, and that is durable now. */
  readonly onMembers: () => void;
  /** Something is left to a following write, which is durable now. */
  readonly onOwed: () => void;
  readonly membership: Membership;
  readonly documents: Documents;
  /** State of a channel that exists without an operation. */
  readonly defaultChannel: (id: Hash) => ChannelState | undefined;
  readonly defaultChannels: readonly ChannelState[];
}

/** Leaves something to a following write. */
export function owe(
  context: Pick<AbsorbContext, 'onOwed'>,
  work: Work,
  kind: 'judge' | 'release',
  what: string,
): void {
  // Whoever does it sees by the value whether it was asked for again meanwhile.
  const { operations, feed } = counters(work.draft);
  work.draft.put(keys.duty(kind, what), `${operations} ${feed}`);
  work.onDurable(() => context.onOwed());
}

/** The thing that an operation is about. */
export const subjectOf = (hash: Hash, header: Header): Hash =>
  header.subject === '' ? hash : header.subject;

/** State of a subject as the rows say: its row, or what its creation alone makes. */
export function stateOf(
  context: Pick<AbsorbContext, 'defaultChannel'>,
  reader: Pick<Reader, 'get'>,
  id: Hash,
): AnyState | undefined {
  const stored = reader.get<AnyState>(keys.state(id));
  if (stored) return stored;
  const row = reader.get<OperationRow>(keys.operation(id));
  if (!row) return context.defaultChannel(id);
  if (row.header.subject !== '' || row.state !== undefined) return undefined;
  const known = begun.get(row.header);
  if (known) return known;
  const kind = foldOf(row.header.type as OperationTypeName);
  if (!kind) return undefined;
  const state = foldFor(kind).create({ hash: id, header: row.header, role: 'member' }, everything);
  begun.set(row.header, state);
  return state;
}

/** What creations made of which nothing followed: as long as the row stays in memory it need not be made again. */
const begun = new WeakMap<Header, AnyState>();

export function counters(reader: Pick<Reader, 'get'>): CountersRow {
  const row = reader.get<CountersRow>(keys.meta('counters'));
  if (!row) throw new Error('a workspace without counters');
  return row;
}
