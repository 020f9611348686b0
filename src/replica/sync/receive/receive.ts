import type { Hash } from '../../../../schemas/index.ts';
import { isEmptyUpdate } from '../../../log/empty.ts';
import { type LogDocument, mostSegments, parseDocumentName } from '../../../log/index.ts';
import {
  type CheckedEntry,
  type Judgement,
  judgeInSteps,
  parkingBounds,
  sliceUpdate,
} from '../../../sync/guard/index.ts';
import type { Received, SessionId } from '../../../sync/port.ts';
import type { Breathing } from '../../commit/breathing.ts';
import type { Commits, Work } from '../../commit/commits.ts';
import type { Database } from '../../commit/database.ts';
import { createGate } from '../../commit/gate.ts';
import { entryOf, keys, type OperationRow } from '../../commit/rows.ts';
import { checkSignatures } from '../../ledger/judging.ts';
import { release, releaseBudget } from '../../ledger/release.ts';
import type { AbsorbContext } from '../../ledger/state.ts';
import type { Reconcile } from '../reconcile.ts';
import { entriesInParts } from './entries.ts';
import { followSegment, mergeEntry, type Placed } from './merge.ts';
import { createParked } from './parked.ts';
import { checkAll, type Looked, storedIn } from './signatures.ts';
import { confirm, survey } from './survey.ts';
import { verifyKey } from './verifying.ts';

/** The door for updates and entries from elsewhere. */
export interface Receiving {
  receive(document: string, update: Uint8Array, from: SessionId): Promise<Received>;
  take(
    document: string,
    entries: readonly (readonly [key: Hash, entry: string])[],
    from: SessionId,
  ): Promise<Received>;
  /** Runs when nothing is being received into the document. */
  inTurn<T>(document: string, task: () => Promise<T>): Promise<T>;
  /** Forgets what waits of a session. */
  forget(from: SessionId): void;
}

/** Larger updates, and longer lists of entries, are judged and stored in parts of about this size: others get their turn. */
const sliceBytes = 96 * 1024;
/**
 * Parts that are taken in at a time, of whatever document, sessions in turn: while one is being written, the signatures of the next are
 * checked. More would push what was looked up for them out of memory again.
 */
const atOnce = 2;
export interface ReceivingOptions {
  readonly context: AbsorbContext;
  readonly workspace: Hash;
  readonly database: Database;
  readonly commits: Commits;
  readonly reconcile: Reconcile;
  readonly breathing: Breathing;
  /** The document is synced by key alone. */
  readonly isSplit: (document: string) => boolean;
  /** Two documents disagree about a place: it can not be synced by updates any more. */
  readonly onSplit: (document: string) => Promise<void>;
  /** An operation of this replica that it did not make: called in the write that brings it. */
  readonly onOwn: (work: Work, hash: Hash) => Promise<void>;
  /** This replica. */
  readonly self: { readonly id: Hash };
  /** Signatures were passed over, to be looked at later. */
  readonly onProven: () => void;
}

const refused = (reason: string): Received => ({ ok: false, reason });

export function createReceiving(options: ReceivingOptions): Receiving {
  const { context, workspace, database, commits, reconcile, breathing } = options;
  const { crypto, documents } = context;
  const lanes = new Map<string, Promise<unknown>>();
  const parked = createParked();
  const gate = createGate(atOnce);

  /** Calls for one document run in order. */
  function inLane<T>(document: string, task: () => Promise<T>): Promise<T> {
    const mine = (lanes.get(document) ?? Promise.resolve()).then(task);
    const settled = mine.catch(() => undefined);
    lanes.set(document, settled);
    void settled.then(() => lanes.get(document) === settled && lanes.delete(document));
    return mine;
  }

  const place = (document: string) => {
    const name = parseDocumentName(document);
    return name && name.segment <= mostSegments ? name : undefined;
  };

  async function judge(
    shown: LogDocument,
    log: string,
    update: Uint8Array,
    bytes?: number,
  ): Promise<Judgement> {
    const steps = judgeInSteps(crypto, shown, update, { log, workspace, ...(bytes ? { bytes } : {}) });
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      await breathing.pause();
    }
  }

  /** A replica that is known here signed it. */
  const isVouched = ({ signed, entry }: Looked): boolean =>
    (signed === 'holds' || signed === 'proven') &&
    context.membership.keyOf(entry.header.replica) !== undefined;

  /** The key that a signature waits for may have come with what was just taken in: nothing lets it go afterwards. */
  async function lookAgain(one: Looked): Promise<Looked> {
    const { signed } = one;
    if (typeof signed === 'string' || context.membership.keyOf(signed.waiting) === undefined) return one;
    return { ...one, signed: await checkSignatures(context, one.entry, one.signedBytes) };
  }

  /** Everything that entries say, in the order of their stamps. Returns what the document did not hold before. */
  async function absorbAll(
    work: Work,
    looked: readonly Looked[],
    n: number,
  ): Promise<{ places: [Hash, Hash][]; placed: Placed }> {
    const places = new Map<Hash, Hash>();
    const proven: Hash[] = [];
    const budget = releaseBudget();
    let bytes = 0;
    const sorted = [...looked].sort((a, b) => (a.entry.header.stamp < b.entry.header.stamp ? -1 : 1));
    for (const one of sorted) {
      const { key, hash, entry } = one;
      const isOwn = entry.header.replica === options.self.id && !work.draft.get(keys.operation(hash));
      const { placed, lets } = await mergeEntry(context, work, await lookAgain(one), n);
      if (placed) {
        places.set(key, hash);
        bytes += one.signedBytes.length;
      }
      if (one.signed === 'proven') proven.push(hash);
      if (isOwn && typeof one.signed === 'string' && one.signed !== 'fails') await options.onOwn(work, hash);
      const row = work.draft.get<OperationRow>(keys.operation(hash));
      // The update that is journalled holds a text that was removed.
      if (entry.body && row && !row.body && row.redacted) {
        const purge = keys.purge(`log/${entry.header.log}/${n}`);
        work.draft.put(purge, [...(work.draft.get<readonly Hash[]>(purge) ?? []), hash]);
      }
      await release(context, work, lets, breathing.pause, budget);
      await breathing.pause();
    }
    if (proven.length > 0) {
      work.draft.put(verifyKey(proven[0] ?? ''), proven);
      work.onDurable(options.onProven);
    }
    const known = looked.some((one) => places.has(one.key) && isVouched(one));
    return { places: [...places], placed: { operations: places.size, bytes, known } };
  }

  /** Entries with what their signatures say, and what is here of them already in memory. */
  async function look(entries: readonly CheckedEntry[]): Promise<Looked[]> {
    await survey(database, entries, context.awaited);
    await breathing.pause();
    const [looked] = await Promise.all([
      checkAll({ ...context, stored: storedIn(database) }, entries),
      confirm(database, entries),
    ]);
    return looked;
  }

  /** One judged update: stored with all that follows from it, then shown. */
  async function store(
    document: string,
    judged: Extract<Judgement, { verdict: 'take' }>,
    origin: SessionId | undefined,
  ): Promise<readonly Hash[]> {
    const name = place(document);
    const { update, entries, clients } = judged;
    if (!name || update === undefined) return [];
    const looked = await look(entries);
    const touched = new Map<Hash, Hash | undefined>(entries.map(({ key, hash }) => [key, hash]));
    await commits.write(async (work) => {
      const { places, placed } = await absorbAll(work, looked, name.segment);
      await followSegment(work, name.log, name.segment, placed);
      work.receive({
        document,
        update,
        entries: places,
        clients,
        origin,
        applied(changed) {
          for (const key of changed) if (!touched.has(key)) touched.set(key, undefined);
        },
      });
    });
    await reconcile.look(document, touched);
    return entries.map(({ key }) => key);
  }

  /** One part of an update, and then what it lets go of what was parked. */
  async function one(
    document: string,
    log: string,
    update: Uint8Array,
    from: SessionId,
  ): Promise<Received & { readonly isSplit?: boolean }> {
    const parking = parked.of(document, from);
    const stored: Hash[] = [];
    const queue: { bytes: Uint8Array; origin: SessionId | undefined; most?: number }[] = [
      { bytes: update, origin: from },
    ];
    let isSplit = false;
    let released = 0;
    for (let next = queue.shift(); next && !isSplit; next = queue.shift()) {
      const shown = await documents.pin(document);
      try {
        const judged = await judge(shown, log, next.bytes, next.most);
        if (judged.verdict === 'refuse') return refused(`${judged.reason}: ${judged.message}`);
        parking.add(judged.parked);
        stored.push(...(await store(document, judged, next.origin)));
        if (next.origin === undefined && judged.update !== undefined) released++;
        isSplit = judged.split.length > 0;
        for (const part of parking.release(await documents.shown(document)))
          queue.push({ bytes: part, origin: undefined, most: parkingBounds.bytes });
      } finally {
        documents.unpin(document);
        parked.settle(document, from);
      }
    }
    return { ok: true, keys: stored, parked: parking.parts, released, isSplit };
  }

  async function receive(document: string, update: Uint8Array, from: SessionId): Promise<Received> {
    const name = place(document);
    if (!name) return refused(`document: ${document.slice(0, 80)} is no log document`);
    // Its structures are broken here; what it lacks comes by key.
    if (options.isSplit(document)) return { ok: true, keys: [], parked: 0, released: 0 };
    // Who has nothing to give says so: what is at rest is not loaded for that.
    if (isEmptyUpdate(update) && documents.resting(document) && !parked.has(document, from))
      return { ok: true, keys: [], parked: 0, released: 0 };
    const sliced = sliceUpdate(update, sliceBytes);
    if (sliced.verdict === 'refuse') return refused(`${sliced.reason}: ${sliced.message}`);
    const all: Hash[] = [];
    let waiting = 0;
    let released = 0;
    await documents.pin(document);
    try {
      for (const part of sliced.updates) {
        const received = await gate(from, () => one(document, name.log, part, from));
        if (!received.ok) return received;
        all.push(...received.keys);
        waiting = received.parked;
        released += received.released;
        if (!received.isSplit) continue;
        // Beside the gate: it waits for whoever reads the documents, for as long as a backup if need be.
        await options.onSplit(document);
        break;
      }
    } finally {
      documents.unpin(document);
    }
    return { ok: true, keys: all, parked: waiting, released };
  }

  /** Some entries, written where they are lacking. */
  async function some(
    document: string,
    name: { log: string; segment: number },
    checked: readonly CheckedEntry[],
  ) {
    const looked = await look(checked);
    const shown = await documents.pin(document);
    try {
      const touched = new Map<Hash, Hash | undefined>();
      await commits.write(async (work) => {
        const hasText = (hash: Hash) =>
          work.draft.get<OperationRow>(keys.operation(hash))?.body !== undefined;
        const own = new Set(looked.flatMap(({ hash }) => (hasText(hash) ? [hash] : [])));
        const { placed } = await absorbAll(work, looked, name.segment);
        await followSegment(work, name.log, name.segment, placed);
        for (const { key, hash, entry } of looked) {
          const row = work.draft.get<OperationRow>(keys.operation(hash));
          if (!row) continue;
          const whole: OperationRow = { ...row, sig: entry.sig };
          if (!shown.has(key))
            work.append({ document, first: false, hash, row: whole, signed: Promise.resolve() });
          else if (row.body && !shown.get(key)?.body && !own.has(hash)) {
            // Only a text that was not here: one that the document lost comes back after a grace, by `reconcile`.
            await documents.hold(document);
            work.mend({ document, hash, entry: entryOf(whole) });
          }
          touched.set(key, hash);
        }
      });
      await reconcile.look(document, touched);
      return [...touched.keys()];
    } finally {
      documents.unpin(document);
    }
  }

  async function take(
    document: string,
    entries: readonly (readonly [key: Hash, entry: string])[],
    from: SessionId,
  ): Promise<Received> {
    const name = place(document);
    if (!name) return refused(`document: ${document.slice(0, 80)} is no log document`);
    const parts = await entriesInParts({ ...options, crypto }, name.log, entries, sliceBytes);
    if (typeof parts === 'string') return refused(`entry: ${parts}`);
    const all: Hash[] = [];
    for (const part of parts) all.push(...(await gate(from, () => some(document, name, part))));
    return { ok: true, keys: all, parked: 0, released: 0 };
  }

  return {
    receive: (document, update, from) =>
      parked.during(from, () => inLane(document, () => receive(document, update, from))),
    take: (document, entries, from) => inLane(document, () => take(document, entries, from)),
    inTurn: inLane,
    forget: (from) => parked.forget(from),
  };
}
