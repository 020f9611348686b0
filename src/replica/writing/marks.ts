import { type Acknowledged, CoterieError, type Hash } from '../../../schemas/index.ts';
import {
  acknowledge,
  acknowledgeForked,
  acknowledgeItems,
  changesOf,
  coversItem,
  type Mark,
  mergeMarks,
} from '../../fold/index.ts';
import { shouldRoll } from '../../log/index.ts';
import type { Work } from '../commit/commits.ts';
import { type ItemRow, keys, type MarkRow, type SegmentRow } from '../commit/rows.ts';
import type { Draft } from '../commit/transaction.ts';
import { operation } from '../reading/context.ts';
import type { Feed } from '../reading/feed/feed.ts';
import { itemsLike, openItems } from '../reading/waiting/inbox.ts';
import { type ChainHead, chainHeads, createCounting, markOfMember } from '../reading/waiting/pending.ts';
import { parseReceipt, type Receipt } from '../reading/waiting/receipts.ts';
import { settleItems } from '../views/inbox.ts';
import { type Actor, introduce, type Writing } from './context.ts';
import { absorbed, coveredBy, partsOf } from './covering.ts';

/** Acknowledgements: a synced row here at once, an operation in the member's log within a minute. */
export interface Marks {
  acknowledge(
    actor: Actor,
    input: {
      receipt?: string | undefined;
      operations?: readonly string[] | undefined;
      items?: readonly string[] | undefined;
    },
  ): Promise<Acknowledged>;
  /** What was acknowledged before this opening, and is in no operation yet, is due again. */
  begin(): Promise<void>;
  /** Writes the operations that are due. Rejects while nothing may be written. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** At most one operation a member and minute. */
const minute = 60_000;

export function createMarks(
  writing: Writing,
  feed: Feed,
  timer: (task: () => void, ms: number) => () => void,
): Marks {
  const { reading, commits, ledger } = writing;
  const due = new Set<Hash>();
  let stop: (() => void) | undefined;

  function schedule(member: Hash): void {
    due.add(member);
    arm();
  }

  /** A mark is an operation of the member: one that never wrote has no log yet, and its mark follows once it has. */
  function made(id: Hash): Actor | undefined {
    const member = reading.membership.state.members.get(id);
    const handle = member?.handle[0]?.value;
    return member && handle !== undefined ? { id, handle, kind: member.kind } : undefined;
  }

  function arm(): void {
    stop ??= timer(() => {
      stop = undefined;
      // What the disk refused is due still.
      marks.flush().catch(arm);
    }, minute);
  }

  /** What needed the member and a receipt left out, as far as it is open still. */
  const cutBy = async (member: Hash, { to }: Receipt): Promise<ItemRow[]> =>
    (await openItems(reading.database, member, to)).map(([, row]) => row).filter(({ call }) => call);

  /** Everything in the feed below what was cut. */
  const lowest = (n: number, cut: readonly ItemRow[]): number =>
    Math.min(n, ...cut.map(({ operations: [hash = ''] }) => (operation(reading, hash)?.feed ?? 1) - 1));

  /** The open items that a receipt shows, or that are named. */
  async function named(
    draft: Draft,
    member: Hash,
    mark: Mark,
    receipt: Receipt | undefined,
    ids: readonly string[] = [],
  ): Promise<ItemRow[]> {
    if (receipt)
      return (await openItems(draft, member, receipt.from)).flatMap(([n, row]) =>
        n <= receipt.to ? [row] : [],
      );
    const rows: ItemRow[] = [];
    for (const id of ids) {
      if (coversItem(mark, id)) continue;
      if (!/^[a-z2-7]{4,26}$/.test(id)) throw new CoterieError('invalid', `${id} is no id of an inbox item.`);
      const [first, ...others] = await itemsLike(draft, member, id);
      if (!first)
        throw new CoterieError('not_found', `No open inbox item has the id ${id}.`, {
          hint: 'It may be acknowledged already: ask for the inbox.',
        });
      if (others.length > 0)
        throw new CoterieError('ambiguous', `${others.length + 1} inbox items begin with ${id}.`, {
          legal: [first, ...others].map(([one]) => one),
        });
      const row = draft.get<ItemRow>(keys.inbox(member, first[1]));
      if (row) rows.push(row);
    }
    return rows;
  }

  function withOperation(mark: Mark, heads: readonly ChainHead[], id: string): Mark {
    const header = operation(reading, id)?.header;
    if (!header) throw new CoterieError('not_found', `There is no operation ${id}.`);
    const { head } = heads.find((one) => one.log === header.log && one.replica === header.replica) ?? {};
    return head?.trunk !== undefined && header.seq > head.trunk
      ? acknowledgeForked(mark, id)
      : acknowledge(mark, header.log, header.replica, header.seq);
  }

  async function write(work: Work, member: Hash): Promise<void> {
    const row = work.draft.get<MarkRow>(keys.mark(member));
    if (!row) return;
    const log = `marks.${member}`;
    const segment = work.draft.get<SegmentRow>(keys.segment(log));
    // Others who want to know of the mark get the newest segment alone.
    const first = !segment || shouldRoll(segment) || !work.draft.get(keys.marked(log, segment.n));
    const parts = partsOf(first ? row.mark : changesOf(row.written, row.mark));
    for (const data of parts)
      await ledger.append(work, {
        log,
        type: 'mark.set',
        subject: member,
        member,
        data: { whole: first && parts.length === 1, ...data },
      });
    work.draft.put(keys.mark(member), { ...row, written: row.mark } satisfies MarkRow);
  }

  const marks: Marks = {
    async acknowledge(actor, input) {
      writing.allowed();
      if ([input.receipt, input.operations, input.items].filter((one) => one !== undefined).length !== 1)
        throw new CoterieError('invalid', 'Send either a receipt, or operations, or items.');
      const receipt =
        input.receipt === undefined ? undefined : parseReceipt(reading, feed, actor.id, input.receipt);
      const heads = await chainHeads(reading);
      const counting = createCounting(reading, actor.id);
      const pending = async (mark: Mark) => {
        let count = 0;
        for (const chain of heads) count += await counting.beyond(chain, mark);
        return count;
      };
      const known = markOfMember(reading, actor.id);
      const cut = receipt ? await cutBy(actor.id, receipt) : [];
      const covered =
        receipt && receipt.n > 0
          ? await coveredBy({ reading, feed }, heads, counting, known.mark, receipt.n, cut)
          : undefined;
      const result = await commits.write(async (work) => {
        const { draft } = work;
        const row = draft.get<MarkRow>(keys.mark(actor.id)) ?? markOfMember(reading, actor.id);
        const items = await named(draft, actor.id, row.mark, receipt, input.items);
        const shown = items
          .flatMap(({ call, operations }) => (call ? operations : []))
          .concat(input.operations ?? [])
          .reduce((mark, id) => withOperation(mark, heads, id), row.mark);
        const derived = items.flatMap(({ call, id }) => (call ? [] : [id]));
        const told = derived.length > 0 ? acknowledgeItems(shown, derived) : shown;
        const mark = await absorbed(covered ? mergeMarks(told, covered) : told, heads, counting);
        const low = receipt && receipt.n > 0 ? Math.max(row.low, lowest(receipt.n, cut)) : row.low;
        draft.put(keys.mark(actor.id), { mark, written: row.written, low } satisfies MarkRow);
        const [before, after] = [await pending(row.mark), await pending(mark)];
        const opened = draft.get<number>(keys.items(actor.id)) ?? 0;
        await settleItems(draft, actor.id, row.mark, mark);
        const open = draft.get<number>(keys.items(actor.id)) ?? 0;
        const counted = receipt?.counts ? (await pending(shown)) - after : 0;
        return { acknowledged: before - after, counted, items: opened - open, pending: after, open };
      });
      schedule(actor.id);
      return result;
    },
    async begin() {
      // Only this replica's own row is ahead of the member's log.
      for (const [key, { written, mark }] of await reading.database.under<MarkRow>(keys.mark('')))
        if (partsOf(changesOf(written, mark)).length > 0) schedule(key.slice(keys.mark('').length));
    },
    async flush() {
      // A restored directory does not know its own heads before it met a peer.
      if (due.size > 0) writing.allowed();
      for (const id of [...due]) {
        const actor = made(id);
        if (!actor) continue;
        due.delete(id);
        try {
          // One that wrote only by another replica of this machine is spoken for by this one from now on.
          await introduce(writing, actor);
          await commits.write((work) => write(work, id));
        } catch (error) {
          due.add(id);
          throw error;
        }
      }
      if (due.size > 0) arm();
    },
    async close() {
      const still = (): void => {
        stop?.();
        stop = undefined;
      };
      still();
      await marks.flush().finally(still);
    },
  };
  return marks;
}
