import { type Admission, CoterieError, type Entry, type Hash } from '../../../schemas/index.ts';
import type { ChannelState } from '../../fold/types.ts';
import { nodeCrypto } from '../../keys/node.ts';
import { mostSegments } from '../../log/index.ts';
import { isNear } from '../../log/near.ts';
import {
  checkEntry,
  keyId,
  type ReadEntry,
  readEntry,
  selfKey,
  verifyAdmission,
  verifySignature,
} from '../../op/index.ts';
import type { Commits } from '../commit/commits.ts';
import { keys, type OperationRow, type SegmentRow } from '../commit/rows.ts';
import type { Draft } from '../commit/transaction.ts';
import { arrive } from '../ledger/absorb.ts';
import { release } from '../ledger/release.ts';
import type { AbsorbContext } from '../ledger/state.ts';

/** The channels that exist from the genesis are listed. */
export function placeDefaults(draft: Pick<Draft, 'put'>, channels: Iterable<ChannelState>): void {
  for (const state of channels) {
    draft.put(keys.channel(state.id), { messages: 0 });
    draft.put(keys.channelName(state.name[0]?.value ?? '', state.id), state.created.stamp);
  }
}

type Read = Extract<ReadEntry, { ok: true }> & { readonly segment: number };

/** The members log of a workspace, in an order in which each operation follows what it names. */
export type MembersLog = Admission['members'];

const refuse = (message: string): CoterieError =>
  new CoterieError('ticket_elsewhere', `The members log that the relay sent does not hold: ${message}.`, {
    hint: 'Nothing of it was taken. Ask who invited you for another ticket.',
  });

/**
 * Checks a members log on its own: it begins with the genesis of the workspace, every operation is signed by the key
 * that it names, and every admission by those who vouch for it. Throws `ticket_elsewhere` for anything else.
 */
export async function checkMembers(workspace: Hash, log: MembersLog): Promise<Read[]> {
  const keyOf = new Map<Hash, string>();
  const checked: Read[] = [];
  for (const { segment, entry } of log) {
    const read = readEntry(nodeCrypto, entry);
    if (!read.ok) throw refuse(read.message);
    const { header } = read.entry;
    const state = checkEntry(nodeCrypto, entry, { workspace, log: 'members' });
    if (state.state === 'rejected') throw refuse(state.message);
    const first = checked.length === 0;
    if (first !== (header.type === 'workspace.genesis'))
      throw refuse('it has not one genesis, at its beginning');
    const own = selfKey(header);
    if (own !== undefined && !keyOf.has(keyId(nodeCrypto, own))) keyOf.set(keyId(nodeCrypto, own), own);
    const key = keyOf.get(header.replica);
    if (key === undefined || !(await verifySignature(nodeCrypto, read.entry, key, read.signedBytes)))
      throw refuse(`the signature of ${read.hash} is not that of its replica`);
    if (header.type === 'replica.admit') {
      const proof = await verifyAdmission(nodeCrypto, header, (replica) => keyOf.get(replica));
      if (proof.state !== 'holds')
        throw refuse(proof.state === 'fails' ? proof.message : `the key of ${proof.replica} is missing`);
    }
    if (segment > mostSegments) throw refuse(`there is no segment ${segment}`);
    checked.push({ ...read, segment });
  }
  return checked;
}

/**
 * A members log that was made elsewhere becomes the first of this directory, in one batch: an opening that is cut off
 * leaves all of it or nothing.
 */
export async function adoptMembers(
  context: AbsorbContext,
  commits: Commits,
  workspace: Hash,
  log: MembersLog,
): Promise<void> {
  const checked = await checkMembers(workspace, log);
  await commits.write(async (work) => {
    placeDefaults(work.draft, context.defaultChannels);
    const segments = new Map<number, SegmentRow>();
    for (const { entry, hash, segment } of checked) {
      const row: OperationRow = { ...asRow(entry), segment };
      await release(
        context,
        work,
        await arrive(context, work, { hash, header: entry.header, body: entry.body }, row),
      );
      const before = segments.get(segment) ?? { n: segment, operations: 0, bytes: 0 };
      const bytes = before.bytes + JSON.stringify(entry).length;
      segments.set(segment, { n: segment, operations: before.operations + 1, bytes });
      const first = before.operations === 0;
      work.append({ document: `log/members/${segment}`, first, hash, row, signed: Promise.resolve() });
    }
    work.draft.put(keys.segment('members'), newestOf(segments, checked.length));
  });
}

/** Where the log is written to: a number that nobody believes is none, as it is of what comes by sync. */
function newestOf(segments: ReadonlyMap<number, SegmentRow>, operations: number): SegmentRow {
  let newest = 1;
  for (const n of [...segments.keys()].sort((a, b) => a - b)) if (isNear(n, newest, operations)) newest = n;
  return segments.get(newest) ?? { n: newest, operations: 0, bytes: 0 };
}

const asRow = (entry: Entry): Omit<OperationRow, 'segment'> => ({
  header: entry.header,
  ...(entry.body ? { body: entry.body } : {}),
  sig: entry.sig,
  ...(entry.redacted ? { redacted: entry.redacted } : {}),
});
