import type { Hash } from '../../../../schemas/index.ts';
import { closeCodes } from '../../../../schemas/protocol.ts';
import { isMarks } from '../../../log/marks.ts';
import { documentName, parseDocumentName } from '../../../log/name.ts';
import type { SegmentDigest } from '../../port.ts';
import type { ControlMessage } from '../../wire.ts';
import { wireLimits } from '../../wire-limits.ts';
import type { Core } from '../core.ts';
import { type Expected, expectAnswers, takeAnswer } from './expected.ts';
import type { Work } from './work.ts';

/** Digests of the workspace are compared again after this long, ms. */
const again = { low: 30_000, high: 60_000 };
/** Names of logs that wait for an answer. */
const mostNames = 160_000;

type Logs = Extract<ControlMessage, { type: 'logs' }>;
type Segments = Extract<ControlMessage, { type: 'segments' }>;
type Root = Extract<ControlMessage, { type: 'root' }>;

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const isLog = (log: string): boolean => parseDocumentName(`log/${log}/1`) !== undefined;

/** The messages that carry a list, each with the range that it is complete for. */
function* chunks<T, K>(items: readonly T[], size: number, key: (item: T) => K, first: K, last: K) {
  let from = first;
  for (let at = 0; at === 0 || at < items.length; at += size) {
    const part = items.slice(at, at + size);
    const end = part.at(-1);
    const to = at + size < items.length && end !== undefined ? key(end) : last;
    yield { from, to, part };
    from = to;
  }
}

/** The comparison of the workspaces, as far as it is. */
export interface Listing {
  /** The roots of the beginning. */
  own: Root | undefined;
  theirs: Root | undefined;
  /** A later one of the other side, that waits to be compared. */
  again: Root | undefined;
  stage: 'no' | 'asked' | 'listed';
  /** While the answer to the inventory comes. */
  expected: Expected | undefined;
  /** Names of logs of the other side that wait for an answer, and where its next range of them begins. */
  names: number;
  next: string;
  /** More differs than is queued at a time: the inventory is made again. */
  more: boolean;
  /** Answers go out in the order of the questions. */
  tail: Promise<void> | undefined;
}

function stateOf(core: Core): Listing {
  core.listing ??= {
    own: undefined,
    theirs: undefined,
    again: undefined,
    stage: 'no',
    expected: undefined,
    names: 0,
    next: '',
    more: false,
    tail: undefined,
  };
  return core.listing;
}

function run(core: Core, task: () => Promise<void>): void {
  const state = stateOf(core);
  const tail = core.work(task, state.tail);
  state.tail = tail;
  void tail.then(() => {
    if (state.tail !== tail) return;
    state.tail = undefined;
    // Between two comparisons nothing is kept.
    if (state.stage === 'no' && state.next === '' && core.met()) core.listing = undefined;
  });
}

const isSplit = (...sides: readonly (SegmentDigest | undefined)[]): boolean =>
  sides.some((side) => side?.split === true);
const rootOf = async (core: Core): Promise<Root> => ({ type: 'root', ...(await core.source.root()) });
const same = (a: Root, b: Root): boolean => a.logs === b.logs && a.marks === b.marks;
const dials = (core: Core): boolean => core.options.role === 'dial';

/**
 * Finds what differs, down the tree of digests: the workspace, its logs, their segments. The side that dialled asks
 * and begins; the other answers. Both compare again now and then.
 */
export function createInventory(parts: {
  readonly work: Work;
  readonly compared: (core: Core, equal: boolean, logs: Hash) => void;
  /** Everything that differed has been exchanged. */
  readonly synced: (core: Core) => void;
  /** Something is under way: digests differ for a while. */
  readonly busy: (core: Core) => boolean;
}) {
  async function list(core: Core): Promise<void> {
    const state = stateOf(core);
    state.stage = 'asked';
    state.expected = expectAnswers();
    state.more = false;
    const logs = [...(await core.source.logs())].sort((a, b) => byName(a[0], b[0]));
    for (const { from, to, part } of chunks(logs, wireLimits.logs, ([log]) => log, '', ''))
      core.send({ type: 'logs', after: from, to, logs: part });
  }

  async function first(core: Core): Promise<void> {
    const state = stateOf(core);
    const { own, theirs } = state;
    if (!own || !theirs) return;
    // Either may have come last: it is looked at once.
    state.own = undefined;
    const equal = same(own, theirs);
    parts.compared(core, equal, own.logs);
    if (dials(core)) core.later(core.jitter(again.low, again.high), () => repeat(core));
    if (equal) parts.synced(core);
    else if (dials(core)) await list(core);
  }

  function ask(core: Core): void {
    if (core.listing === undefined) void core.work(async () => core.send(await rootOf(core)));
  }

  function repeat(core: Core): void {
    core.later(core.jitter(again.low, again.high), () => repeat(core));
    core.looking = false;
    ask(core);
  }

  async function compareAgain(core: Core, root: Root): Promise<void> {
    const now = await rootOf(core);
    const equal = same(now, root);
    parts.compared(core, equal, now.logs);
    if (!dials(core)) core.send(now);
    else if (core.looking) core.looking = false;
    else if (!equal && stateOf(core).stage === 'no' && !parts.busy(core)) await list(core);
  }

  async function sendSegments(core: Core, log: string): Promise<void> {
    const segments = await core.source.segments(log);
    for (const { from, to, part } of chunks(segments, wireLimits.segments, ({ n }) => n, 0, 0))
      core.send({ type: 'segments', log, told: 'asked', from: from + 1, to, segments: part });
  }

  /** Answers with the segments of each log that differs. */
  async function answer(core: Core, { after, to, logs }: Logs): Promise<void> {
    const here = new Map<string, Hash>();
    for (const [log, digest] of await core.source.logs())
      if (log > after && (to === '' || log <= to)) here.set(log, digest);
    const there = new Map(logs);
    const differ = [...here.keys()].filter((log) => !there.has(log));
    for (const [log, digest] of there) if (isLog(log) && here.get(log) !== digest) differ.push(log);
    differ.sort((a, b) => Number(b === 'members') - Number(a === 'members') || byName(a, b));
    for (const log of differ) {
      await sendSegments(core, log);
      if (!core.alive()) return;
    }
    if (to === '') core.send({ type: 'listed' });
  }

  /** Puts what differs in the queue, the newest segments first. */
  async function begin(core: Core, { log, from, to, segments }: Segments): Promise<void> {
    if (!isLog(log)) return;
    const inRange = (n: number): boolean => n >= from && (to === 0 || n <= to);
    const all = await core.source.segments(log);
    const here = new Map<number, SegmentDigest>();
    for (const segment of all) if (inRange(segment.n)) here.set(segment.n, segment);
    const there = new Map(segments.map((segment) => [segment.n, segment]));
    const newest = Math.max(0, all.at(-1)?.n ?? 0, segments.at(-1)?.n ?? 0);
    for (const n of new Set([...here.keys(), ...there.keys()])) {
      // Of marks one segment is wanted of each side: the newest as far as it knows. Both look again at what they have then.
      if (n < 1 || (isMarks(log) && n !== all.at(-1)?.n && n !== segments.at(-1)?.n)) continue;
      const a = here.get(n);
      const b = there.get(n);
      if (a?.digest === b?.digest) continue;
      const rank = log === 'members' ? 0 : 1 + newest - n;
      const document = documentName(log, n);
      stateOf(core).more ||= !parts.work.addFound(core, document, rank, isSplit(a, b));
    }
    parts.work.pump(core);
  }

  /** Looks whether all that was listed has been exchanged. */
  function check(core: Core): void {
    const { listing } = core;
    if (listing?.stage !== 'listed' || parts.work.size(core) > 0) return;
    if (listing.more) {
      listing.stage = 'asked';
      run(core, () => list(core));
      return;
    }
    listing.stage = 'no';
    if (!listing.tail) core.listing = undefined;
    core.send({ type: 'synced' });
    parts.synced(core);
  }

  return {
    check,
    /** Sends this side's root, unless a comparison is under way. */
    ask,
    /** Tells this side's root: the peer is admitted. */
    start(core: Core, sent: () => void): void {
      run(core, async () => {
        const own = await rootOf(core);
        stateOf(core).own = own;
        core.send(own);
        sent();
        await first(core);
      });
    },
    onFirstRoot(core: Core, root: Root): void {
      stateOf(core).theirs = root;
      run(core, () => first(core));
    },
    onRoot(core: Core, root: Root): void {
      const state = stateOf(core);
      const isPlanned = state.again !== undefined;
      // Of several that wait the last is answered.
      state.again = root;
      if (isPlanned) return;
      run(core, async () => {
        const { again: last = root } = state;
        state.again = undefined;
        await compareAgain(core, last);
      });
    },
    onLogs(core: Core, message: Logs): void {
      const { after, to, logs } = message;
      const state = stateOf(core);
      const { next } = state;
      state.names += logs.length + 1;
      state.next = to;
      if (after !== next || (to !== '' && to <= after)) core.outOfTurn('logs');
      else if (state.names > mostNames) core.close(closeCodes.busy, 'too many logs are listed at a time');
      else
        run(core, async () => {
          await answer(core, message);
          state.names -= logs.length + 1;
        });
    },
    onSegments(core: Core, message: Segments): void {
      const expected = core.listing?.expected;
      if (!expected || !takeAnswer(expected, message)) core.outOfTurn('segments');
      else {
        core.answered();
        run(core, () => begin(core, message));
      }
    },
    onListed(core: Core): void {
      const state = stateOf(core);
      if (!state.expected || state.expected.next > 0) {
        core.outOfTurn('listed');
        return;
      }
      state.expected = undefined;
      core.answered();
      run(core, async () => {
        state.stage = 'listed';
        check(core);
      });
    },
  };
}

export type Inventory = ReturnType<typeof createInventory>;
