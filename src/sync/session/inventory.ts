import type { Hash } from '../../../schemas/index.ts';
import { documentName, parseDocumentName } from '../../log/name.ts';
import type { SegmentDigest } from '../port.ts';
import type { ControlMessage } from '../wire.ts';
import { wireLimits } from '../wire-limits.ts';
import { isMarks } from './announce.ts';
import type { Core } from './core.ts';
import type { Work } from './work.ts';

/** Digests of the workspace are compared again after this long, ms. */
const again = { low: 30_000, high: 60_000 };

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

/**
 * Finds what differs, down the tree of digests: the workspace, its logs, their segments. The side that dialled asks
 * and begins; the other answers. Both compare again now and then.
 */
export function createInventory(
  core: Core,
  parts: {
    readonly work: Work;
    readonly compared: (equal: boolean) => void;
    /** Everything that differed has been exchanged. */
    readonly synced: () => void;
    /** Something is under way: digests differ for a while. */
    readonly busy: () => boolean;
  },
) {
  const { source, options } = core;
  const dials = options.role === 'dial';
  let own: Root | undefined;
  let theirs: Root | undefined;
  let listing: 'no' | 'asked' | 'listed' = 'no';
  let tail: Promise<void> | undefined;

  /** One after another: answers go out in the order of the questions. */
  const run = (task: () => Promise<void>): void => {
    tail = core.work(task, tail);
  };
  const rootOf = async (): Promise<Root> => ({ type: 'root', ...(await source.root()) });
  const same = (a: Root, b: Root): boolean => a.logs === b.logs && a.marks === b.marks;

  async function list(): Promise<void> {
    listing = 'asked';
    const logs = [...(await source.logs())].sort((a, b) => byName(a[0], b[0]));
    for (const { from, to, part } of chunks(logs, wireLimits.logs, ([log]) => log, '', ''))
      core.send({ type: 'logs', after: from, to, logs: part });
  }

  async function first(): Promise<void> {
    if (!own || !theirs) return;
    const equal = same(own, theirs);
    parts.compared(equal);
    if (dials) core.later(core.jitter(again.low, again.high), repeat);
    if (equal) parts.synced();
    else if (dials) await list();
  }

  function repeat(): void {
    core.later(core.jitter(again.low, again.high), repeat);
    if (listing === 'no') run(async () => core.send(await rootOf()));
  }

  async function compareAgain(root: Root): Promise<void> {
    const now = await rootOf();
    const equal = same(now, root);
    if (equal || !parts.busy()) parts.compared(equal);
    if (!dials) core.send(now);
    else if (!equal && listing === 'no' && !parts.busy()) await list();
  }

  async function sendSegments(log: string): Promise<void> {
    const segments = await source.segments(log);
    for (const { from, to, part } of chunks(segments, wireLimits.segments, ({ n }) => n, 0, 0))
      core.send({ type: 'segments', log, changed: false, from: from + 1, to, segments: part });
  }

  /** Answers with the segments of each log that differs. */
  async function answer({ after, to, logs }: Logs): Promise<void> {
    const here = new Map<string, Hash>();
    for (const [log, digest] of await source.logs())
      if (log > after && (to === '' || log <= to)) here.set(log, digest);
    const differ: string[] = [];
    for (const [log, digest] of logs) {
      if (isLog(log) && here.get(log) !== digest) differ.push(log);
      here.delete(log);
    }
    differ.push(...here.keys());
    differ.sort((a, b) => Number(b === 'members') - Number(a === 'members') || byName(a, b));
    for (const log of differ) {
      await sendSegments(log);
      if (!core.alive()) return;
    }
    if (to === '') core.send({ type: 'listed' });
  }

  /** Puts what differs in the queue, the newest segments first. */
  async function begin({ log, from, to, segments }: Segments): Promise<void> {
    if (!isLog(log)) return;
    const inRange = (n: number): boolean => n >= from && (to === 0 || n <= to);
    const all = await source.segments(log);
    const here = new Map<number, SegmentDigest>();
    for (const segment of all) if (inRange(segment.n)) here.set(segment.n, segment);
    const there = new Map(segments.map((segment) => [segment.n, segment]));
    const newest = Math.max(0, all.at(-1)?.n ?? 0, segments.at(-1)?.n ?? 0);
    for (const n of new Set([...here.keys(), ...there.keys()])) {
      // Of marks only the newest segment is wanted.
      if (n < 1 || (isMarks(log) && n !== newest)) continue;
      const a = here.get(n);
      const b = there.get(n);
      if (a?.digest === b?.digest) continue;
      const rank = log === 'members' ? 0 : 1 + newest - n;
      parts.work.add(documentName(log, n), rank, a?.split === true || b?.split === true);
    }
    parts.work.pump();
  }

  return {
    /** Tells this side's root: the peer is admitted. */
    start(sent: () => void): void {
      run(async () => {
        own = await rootOf();
        core.send(own);
        sent();
        await first();
      });
    },
    onFirstRoot(root: Root): void {
      theirs = root;
      run(first);
    },
    onRoot: (root: Root): void => run(() => compareAgain(root)),
    onLogs: (message: Logs): void => run(() => answer(message)),
    onSegments: (message: Segments): void => run(() => begin(message)),
    onListed(): void {
      run(async () => {
        if (listing !== 'asked') return;
        listing = 'listed';
        this.check();
      });
    },
    /** Looks whether all that was listed has been exchanged. */
    check(): void {
      if (listing !== 'listed' || parts.work.size() > 0) return;
      listing = 'no';
      core.send({ type: 'synced' });
      parts.synced();
    },
    rooted: (): boolean => own !== undefined && theirs !== undefined,
  };
}

export type Inventory = ReturnType<typeof createInventory>;
