import { type Acknowledged, CoterieError, type Hash } from '../../../schemas/index.ts';
import {
  acknowledge,
  acknowledgeForked,
  acknowledgeRun,
  changesOf,
  emptyMark,
  type Mark,
  mergeMarks,
} from '../../fold/index.ts';
import { shouldRoll } from '../../log/index.ts';
import type { Work } from '../commit/commits.ts';
import { keys, type MarkRow, type SegmentRow } from '../commit/rows.ts';
import { parseReceipt } from '../reading/catch-up.ts';
import { operation } from '../reading/context.ts';
import { type Feed, feedRows, firstKept } from '../reading/feed.ts';
import {
  type ChainHead,
  type Counting,
  chainHeads,
  createCounting,
  markOfMember,
  vectorOf,
} from '../reading/pending.ts';
import { type Actor, chainsEach, type Writing } from './context.ts';

/** Acknowledgements: a synced row here at once, an operation in the member's log within a minute. */
export interface Marks {
  acknowledge(
    actor: Actor,
    input: { receipt?: string | undefined; operations?: readonly string[] | undefined },
  ): Promise<Acknowledged>;
  /** Writes the operations that are due. */
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
    stop ??= timer(() => {
      stop = undefined;
      marks.flush().catch(() => undefined);
    }, minute);
  }

  /** The last operation of each chain that stood in the feed up to `n`. */
  async function lastAt(heads: readonly ChainHead[], n: number): Promise<Map<string, number>> {
    const last = new Map(heads.map(({ log, replica, head }) => [`${log} ${replica}`, head.seq]));
    const end = feed.end();
    // What was done after the receipt is told by the feed; where that was compacted, nobody can tell.
    if (n < end && (await firstKept(reading, feed)) > n + 1)
      throw new CoterieError('receipt_unknown', 'The feed was compacted beyond this receipt.');
    for (let from = n; from < end; from += 1024) {
      for (const [, row] of await feedRows(reading, from, Math.min(end, from + 1024))) {
        const header = 'hash' in row ? operation(reading, row.hash)?.header : undefined;
        const chain = header && `${header.log} ${header.replica}`;
        if (chain && (last.get(chain) ?? 0) >= header.seq) last.set(chain, header.seq - 1);
      }
    }
    return last;
  }

  /** What a receipt covers: of each chain all that stood in the feed up to `n`. */
  async function coveredBy(
    heads: readonly ChainHead[],
    counting: Counting,
    mark: Mark,
    n: number,
  ): Promise<Mark> {
    const last = await lastAt(heads, n);
    let covered: Mark = emptyMark;
    for (const chain of heads) {
      const { log, replica } = chain;
      const from = vectorOf(mark, log, replica);
      // What is missing, or waits, was not shown: it stays to be told of when it counts.
      for (const [first, to] of await counting.settled(chain, from, last.get(`${log} ${replica}`) ?? 0))
        covered = acknowledgeRun(covered, log, replica, first === from + 1 ? 1 : first, to);
      for (const hash of await counting.forked(chain, mark))
        if ((operation(reading, hash)?.feed ?? n + 1) <= n) covered = acknowledgeForked(covered, hash);
    }
    return covered;
  }

  /** The vector takes in what needs no acknowledgement, and runs that touch it. */
  async function absorbed(mark: Mark, heads: readonly ChainHead[], counting: Counting): Promise<Mark> {
    let next = mark;
    for (const chain of heads) {
      const at = vectorOf(next, chain.log, chain.replica);
      let to = await counting.freeUpTo(chain, at);
      for (const [from, end] of next.acks[chain.log]?.[chain.replica] ?? []) {
        if (from > to + 1) break;
        to = await counting.freeUpTo(chain, Math.max(to, end));
      }
      if (to > at)
        next = mergeMarks(next, { vector: { [chain.log]: { [chain.replica]: to } }, acks: {}, forked: [] });
    }
    return next;
  }

  async function write(work: Work, member: Hash): Promise<void> {
    const row = work.draft.get<MarkRow>(keys.mark(member));
    if (!row) return;
    const log = `marks.${member}`;
    const segment = work.draft.get<SegmentRow>(keys.segment(log));
    // Others who want to know of the mark get the newest segment alone.
    const first = !segment || shouldRoll(segment) || !work.draft.get(keys.marked(log, segment.n));
    const changes = first ? row.mark : changesOf(row.written, row.mark);
    const chains = Object.entries(changes.vector).flatMap(([name, replicas]) =>
      Object.entries(replicas).map(([replica, seq]) => ({ name, replica, seq })),
    );
    const acks = Object.keys(changes.acks).length > 0;
    if (chains.length === 0 && !acks && changes.forked.length === 0) return;
    for (let at = 0; at === 0 || at < chains.length; at += chainsEach) {
      const vector: Record<string, Record<Hash, number>> = {};
      for (const { name, replica, seq } of chains.slice(at, at + chainsEach))
        vector[name] = { ...vector[name], [replica]: seq };
      const whole = first && chains.length <= chainsEach;
      await ledger.append(work, {
        log,
        type: 'mark.set',
        subject: member,
        member,
        data: {
          whole,
          vector,
          ...(at === 0 && acks ? { acks: changes.acks } : {}),
          ...(at === 0 && changes.forked.length > 0 ? { forked: changes.forked } : {}),
        },
      });
    }
    work.draft.put(keys.mark(member), { ...row, written: row.mark } satisfies MarkRow);
  }

  const marks: Marks = {
    async acknowledge(actor, input) {
      writing.allowed();
      if ((input.receipt === undefined) === (input.operations === undefined))
        throw new CoterieError('invalid', 'Send either a receipt or operations.');
      const n = input.receipt === undefined ? undefined : parseReceipt(feed, actor.id, input.receipt);
      const heads = await chainHeads(reading);
      const counting = createCounting(reading, actor.id);
      const pending = async (mark: Mark) => {
        let count = 0;
        for (const chain of heads) count += await counting.beyond(chain, mark);
        return count;
      };
      const known = markOfMember(reading, actor.id);
      const covered = n === undefined ? undefined : await coveredBy(heads, counting, known.mark, n);
      const result = await commits.write(async (work) => {
        const row = work.draft.get<MarkRow>(keys.mark(actor.id)) ?? markOfMember(reading, actor.id);
        let mark = row.mark;
        if (covered) mark = mergeMarks(mark, covered);
        for (const id of input.operations ?? []) {
          const header = operation(reading, id)?.header;
          if (!header) throw new CoterieError('not_found', `There is no operation ${id}.`);
          const { head } =
            heads.find((one) => one.log === header.log && one.replica === header.replica) ?? {};
          mark =
            head?.trunk !== undefined && header.seq > head.trunk
              ? acknowledgeForked(mark, id)
              : acknowledge(mark, header.log, header.replica, header.seq);
        }
        mark = await absorbed(mark, heads, counting);
        const before = await pending(row.mark);
        const after = await pending(mark);
        const low = after === 0 ? Math.max(row.low, n ?? row.low) : Math.max(row.low, n ?? 0);
        work.draft.put(keys.mark(actor.id), { mark, written: row.written, low } satisfies MarkRow);
        return { acknowledged: before - after, pending: after };
      });
      schedule(actor.id);
      return result;
    },
    async flush() {
      const members = [...due];
      due.clear();
      for (const member of members) {
        // A mark is an operation of the member: one that never wrote has no log yet.
        if (!reading.membership.state.members.has(member)) continue;
        await commits.write((work) => write(work, member));
      }
    },
    async close() {
      stop?.();
      stop = undefined;
      await marks.flush();
    },
  };
  return marks;
}
