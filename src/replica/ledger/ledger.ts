import {
  CoterieError,
  type Hash,
  type Imported,
  limits,
  type OperationTypeName,
} from '../../../schemas/index.ts';
import { mostSegments, shouldRoll } from '../../log/index.ts';
import { type Clock, makeHeader, type Signer, withTexts } from '../../op/index.ts';
import type { Work } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { type HeadRow, keys, type OperationRow, type PartRow, type SegmentRow } from '../commit/rows.ts';
import { sure } from '../commit/transaction.ts';
import { earlyKey } from '../views/conversation.ts';
import { movedKey } from '../views/order.ts';
import { absorb } from './absorb.ts';
import { refuseMalformed } from './judging.ts';
import { type AbsorbContext, stateOf } from './state.ts';
import { aliasKey } from './subjects/repeats.ts';

/** What someone wants to write; the rest of the header follows from it. */
export interface Proposal {
  readonly log: string;
  readonly type: OperationTypeName;
  /** Absent in a creation. */
  readonly subject?: Hash | undefined;
  /** Absent where the replica speaks for itself. */
  readonly member?: Hash | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  /** Text fields, without salt. */
  readonly body?: Readonly<Record<string, string | undefined>> | undefined;
  /** Hash of the client's idempotency key. */
  readonly key?: Hash | undefined;
  readonly imported?: Imported | undefined;
  /** It rests on who belongs to the workspace: it carries the heads of the members log whether or not they changed. */
  readonly seesMembers?: boolean | undefined;
  /** Heads that the decision was based on; without it those folded here. */
  readonly base?: readonly Hash[] | undefined;
}

export interface Ledger {
  /**
   * Makes one operation on the rows as they will be: chained, stamped, hashed, folded, its signature under way.
   * Throws a `CoterieError` when it would be rejected; then nothing of the write remains. Returns its hash.
   */
  append(work: Work, proposal: Proposal): Promise<Hash>;
}

export interface LedgerOptions extends AbsorbContext {
  readonly database: Pick<Database, 'vacant'>;
  readonly workspace: Hash;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
}

/** JSON around header and body in a document, bytes. */
const entryOverhead = 160;

export function createLedger(options: LedgerOptions): Ledger {
  const { membership, signer, clock, crypto, random } = options;

  /** The segment in which the next operation of a log stands: a fresh one when the newest is full. */
  async function room(work: Work, log: string): Promise<SegmentRow> {
    let current = (await sure<SegmentRow>(work.draft, keys.segment(log))) ?? {
      n: 1,
      operations: 0,
      bytes: 0,
    };
    while (shouldRoll(current) && current.n < mostSegments) {
      const n = current.n + 1;
      // Others may have begun it, and this replica not have followed.
      const begun = await sure<PartRow>(work.draft, keys.part(log, n));
      current = { n, operations: begun?.operations ?? 0, bytes: begun?.bytes ?? 0 };
    }
    return current;
  }

  /** Ties heads together until no more are left than an operation may name. */
  async function joined(
    work: Work,
    log: string,
    subject: Hash,
    heads: readonly Hash[],
  ): Promise<readonly Hash[]> {
    let rest = heads;
    while (rest.length > limits.heads) {
      const join = await make(work, { log, type: 'join', subject, data: {} }, rest.slice(0, limits.heads));
      rest = [...rest.slice(limits.heads), join];
    }
    return rest;
  }

  /**
   * Ties heads of the members log together. Each of these operations names the last of this replica's own: what did not
   * see its admission is nobody's.
   */
  async function tied(work: Work): Promise<readonly Hash[]> {
    let rest = membership.heads;
    if (rest.length <= limits.heads) return rest;
    let own = (await sure<HeadRow>(work.draft, keys.head('members', signer.id)))?.hash;
    while (rest.length > limits.heads) {
      const some = [...new Set([...(own === undefined ? [] : [own]), ...rest])].slice(0, limits.heads);
      own = await make(work, { log: 'members', type: 'join', subject: options.workspace, data: {} }, some);
      rest = [...rest.filter((head) => !some.includes(head)), own];
    }
    return rest;
  }

  /** An admission is the first of its replica, before any join: of many heads it names some, and who vouches for it. */
  function vouching({ data }: Proposal): readonly Hash[] {
    const { heads } = membership;
    const { invite } = data;
    if (heads.length <= limits.heads) return heads;
    return [...new Set([...(typeof invite === 'string' ? [invite] : []), ...heads])].slice(0, limits.heads);
  }

  async function causes(work: Work, proposal: Proposal): Promise<readonly Hash[]> {
    const { log, subject } = proposal;
    if (log === 'members') return proposal.type === 'replica.admit' ? vouching(proposal) : tied(work);
    if (subject === undefined || log.startsWith('marks.')) return [];
    if (proposal.base !== undefined && proposal.base.length > 0) {
      for (const hash of proposal.base) {
        const known = work.draft.get<OperationRow>(keys.operation(hash));
        if (
          !known ||
          known.state?.state === 'waiting' ||
          (hash !== subject && known.header.subject !== subject)
        )
          throw new CoterieError('invalid', `base names ${hash}, which is no version of ${subject}`, {
            hint: 'Send the `base` of the last answer that showed the thing, or none.',
          });
      }
      return joined(work, log, subject, [...new Set(proposal.base)]);
    }
    // Without the newest state it would stand beside what it follows.
    await sure(work.draft, keys.state(subject));
    return joined(work, log, subject, stateOf(options, work.draft, subject)?.heads ?? []);
  }

  async function make(work: Work, proposal: Proposal, after: readonly Hash[]): Promise<Hash> {
    const { log, type } = proposal;
    const head = await sure<HeadRow>(work.draft, keys.head(log, signer.id));
    const members = log === 'members' ? undefined : membership.heads.slice(0, limits.heads);
    const changed =
      members !== undefined &&
      (type === 'redact' || proposal.seesMembers || members.join(',') !== head?.members);
    const segment = await room(work, log);
    const made = makeHeader(crypto, {
      stamp: clock.next(),
      workspace: options.workspace,
      log,
      replica: signer.id,
      ...(proposal.member === undefined ? {} : { member: proposal.member }),
      seq: (head?.seq ?? 0) + 1,
      prev: head?.hash ?? '',
      after: [...after],
      ...(changed ? { members } : type === 'redact' ? { members: [...membership.heads] } : {}),
      type,
      subject: proposal.subject ?? '',
      ...(proposal.key === undefined ? {} : { key: proposal.key }),
      data: dataIn(proposal, segment.n),
      ...(proposal.imported === undefined ? {} : { imported: proposal.imported }),
      body: proposal.body,
      random,
    });
    refuseMalformed(crypto, made);
    let bytes = made.signedBytes.length + entryOverhead;
    for (const text of Object.values(made.body ?? {})) bytes += text.length;
    work.draft.put(keys.segment(log), {
      n: segment.n,
      operations: segment.operations + 1,
      bytes: segment.bytes + bytes,
    } satisfies SegmentRow);
    if (made.header.subject === '') options.database.vacant(besideCreation(made.hash));
    const row: OperationRow = {
      header: made.header,
      ...(made.body ? { body: made.body } : {}),
      sig: '',
      segment: segment.n,
    };
    const signed = signer.sign(made.signedBytes).then((sig) => {
      row.sig = sig;
    });
    signed.catch(() => undefined);
    await absorb(options, work, made, row);
    work.append({
      document: `log/${log}/${segment.n}`,
      first: segment.operations === 0,
      hash: made.hash,
      row,
      signed,
    });
    return made.hash;
  }

  return {
    async append(work, proposal) {
      // It is judged by the membership that it names: all of it.
      if (proposal.type === 'redact' || proposal.seesMembers) await tied(work);
      const hash = await make(work, proposal, await causes(work, proposal));
      // Whoever reads the thing next can name all its heads as a base.
      if (proposal.base && proposal.subject !== undefined)
        await joined(
          work,
          proposal.log,
          proposal.subject,
          stateOf(options, work.draft, proposal.subject)?.heads ?? [],
        );
      return hash;
    },
  };
}

/** What an operation says that is written into a segment. Only on its writer's word is one of marks the newest. */
function dataIn(proposal: Proposal, segment: number): Readonly<Record<string, unknown>> {
  const data = withTexts(proposal);
  return proposal.type === 'mark.set' ? { ...data, segment } : data;
}

/** Where a new thing's views look whether something came before it. */
const besideCreation = (hash: Hash): string[] => [
  keys.state(hash),
  keys.thread(hash),
  aliasKey(hash),
  movedKey(hash),
  earlyKey(hash),
];
