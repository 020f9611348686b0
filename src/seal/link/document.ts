import type { Crypto } from '../../op/index.ts';
import { sliceUpdate } from '../../sync/guard/index.ts';
import { chainNext, recordHash } from '../chain.ts';
import { documentKey, epochMark } from '../names.ts';
import { noRecord, writeRecord } from '../record.ts';
import type { Extent, ToClient } from '../wire.ts';
import { applied } from './applying.ts';
import { type Opened, openRecord } from './opening.ts';
import type { AlarmKind, LinkSource, Place } from './port.ts';
import { isDue, type SnapshotPolicy } from './snapshots.ts';
import { unread } from './unread.ts';
import { covers, extended, hasStructs, vectorBytes, vectorOf } from './vectors.ts';

/** What the documents of one session share. */
export interface DocumentContext {
  readonly source: LinkSource;
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly mailbox: string;
  readonly incarnation: string;
  /** Names this session to its replica. */
  readonly session: number;
  readonly random: (bytes: number) => Uint8Array;
  readonly idOf: (document: string) => string;
  readonly snapshots: SnapshotPolicy;
  /** Asks for records after an offset. */
  read(document: string, after: number): Promise<Extract<ToClient, { readonly type: 'records' }>>;
  /** Appends; resolves with where it stands. */
  append(document: string, record: Uint8Array): Promise<Extract<ToClient, { readonly type: 'appended' }>>;
  confirm(document: string, offset: number, record: Uint8Array): Promise<void>;
  put(document: string, place: Place): void;
  alarm(kind: AlarmKind, document: string, message: string): void;
  /** A record that an honest replica does not make: by whom. */
  refused(author: string, document: string, reason: string): void;
  /** The replica, or this code, failed. */
  failed(error: unknown): void;
  changed(): void;
  /** Runs after a while by lot, unless the session is over by then. */
  later(task: () => void, from: number, to: number): void;
}

/** One document of a mailbox, as a session brings it in step. */
export interface LinkedDocument {
  readonly place: Place;
  /** Something of it is not read, or not in the mailbox, as far as is known. */
  readonly behind: boolean;
  /** Reads what lies beyond, then appends what the mailbox lacks. */
  meet(extent: Extent | undefined): Promise<void>;
  /** The relay told of a record. */
  entry(offset: number, record: Uint8Array): void;
  /** The replica has more of it: appended at once. */
  touch(): void;
  /** A secret is new here: what waited for it is tried again. */
  unlock(): void;
}

/** Bytes of an update in one record: what is around it has room beside. */
const updateBytes = 1024 * 1024 - 4096;
export function linkDocument(context: DocumentContext, id: string, known: Place): LinkedDocument {
  const { source, crypto } = context;
  const { keyring } = source;
  const policy = context.snapshots;
  const opening = { crypto, keyring, at: { mailbox: context.mailbox, document: id }, idOf: context.idOf };
  let place = known;
  let turn: Promise<unknown> = Promise.resolve();
  /** Met, and read as far as the relay told. */
  let ready = false;
  /** The highest offset that the relay told of. */
  let told = known.offset;
  let dirty = false;
  let appending = false;
  let reading = false;
  let locked = false;
  let snapshotSoon = false;
  /** The relay's chain was not that of what was read: read anew once, and then left alone in this session. */
  let doubted = 0;

  /** One after another: records have an order. */
  function inTurn(task: () => Promise<void>): Promise<void> {
    const done = turn.then(task).catch(context.failed);
    turn = done;
    return done;
  }

  function move(next: Place): void {
    place = next;
    context.put(id, place);
    context.changed();
  }

  /** Takes records that follow each other. False once one can't be opened yet. */
  async function take(records: readonly Uint8Array[], from: number): Promise<boolean> {
    const opened: Opened[] = [];
    let at = place;
    for (const [i, record] of records.entries()) {
      if (from + i <= at.offset) continue;
      const one = openRecord(opening, at, record);
      if (one === 'unknown_epoch') {
        locked = true;
        break;
      }
      if (one.alarm) context.alarm(one.alarm.kind, id, `record ${one.place.offset}: ${one.alarm.message}`);
      opened.push(one);
      at = one.place;
    }
    const name = at.name;
    if (name !== undefined) {
      const vector = await applied(context, { id, name, before: place, opened, records, from });
      at = { ...at, vector };
    }
    move(at);
    return !locked;
  }

  async function readTo(last: number): Promise<void> {
    reading = true;
    try {
      while (place.offset < last && !locked) {
        const answer = await context.read(id, place.offset);
        if (answer.base > place.offset) move(trimmedTo(answer));
        if (answer.records.length > 0 && !(await take(answer.records, answer.from))) return;
        if (answer.last) break;
      }
    } finally {
      reading = false;
    }
    if (place.offset < last && !locked)
      context.alarm('withheld', id, `records ${place.offset + 1} to ${last} are not sent`);
  }

  /** What was read is not what the relay has: all is read again, for it may have been changed on its way alone. */
  async function again(offset: number, message: string): Promise<void> {
    context.alarm('forked', id, message);
    doubted += 1;
    move(unread(crypto, { ...context, document: id }, place.name));
    if (!isBroken()) await readTo(offset);
  }

  const isBroken = (): boolean => doubted > 1;

  /** What was trimmed is in a snapshot that follows; until then nothing is known of the authors of what is between. */
  function trimmedTo({ base, baseChain }: { readonly base: number; readonly baseChain: string }): Place {
    const own = place.authors.get(source.publicKey);
    return {
      ...place,
      offset: base,
      chain: baseChain,
      authors: new Map(own ? [[source.publicKey, own]] : []),
    };
  }

  /** Appends what the mailbox lacks; one record of a document is under way at a time. */
  function flush(): void {
    if (!ready || appending || locked || isBroken() || place.name === undefined) return;
    appending = true;
    dirty = false;
    void inTurn(async () => {
      try {
        const made = await next();
        if (made) void send(made.record, made.update);
        else appending = false;
      } catch (error) {
        appending = false;
        throw error;
      }
    });
  }

  async function next(): Promise<{ record: Uint8Array; update: Uint8Array } | undefined> {
    const { name, vector } = place;
    if (name === undefined || covers(vector, vectorOf(await source.stateVector(name)))) return undefined;
    const lacking = await source.diff(name, vectorBytes(vector));
    if (!hasStructs(lacking)) return undefined;
    const update = lacking.length <= updateBytes ? lacking : firstOf(lacking);
    const record = write({ kind: 'update', update }, undefined);
    return record && { record, update };
  }

  function firstOf(update: Uint8Array): Uint8Array {
    const sliced = sliceUpdate(update, updateBytes);
    if (sliced.verdict !== 'sliced' || !sliced.updates[0]) throw new Error(`an update of ${id} can't be cut`);
    return sliced.updates[0];
  }

  function write(
    payload: Parameters<typeof writeRecord>[0]['payload'],
    snapshot: { readonly to: number; readonly chain: string } | undefined,
  ): Uint8Array | undefined {
    const epoch = keyring.current();
    const { name } = place;
    if (!epoch || name === undefined) return undefined;
    const { seq, hash } = place.authors.get(source.publicKey) ?? { seq: 0, hash: noRecord };
    return writeRecord({
      place: opening.at,
      head: {
        epoch: epochMark(crypto, epoch.id),
        author: source.publicKey,
        seq: seq + 1,
        prev: hash,
        snapshot,
      },
      key: documentKey(epoch, id),
      name,
      payload,
      random: context.random,
    });
  }

  async function send(record: Uint8Array, update: Uint8Array | undefined): Promise<void> {
    let answer: Awaited<ReturnType<DocumentContext['append']>>;
    try {
      answer = await context.append(id, record);
    } catch {
      // The session tells why. It is appended when the mailbox is met again.
      appending = false;
      dirty = true;
      context.changed();
      return;
    }
    await inTurn(() => landed(record, update, answer));
    appending = false;
    if (dirty || update !== undefined) flush();
    context.changed();
  }

  /** Its own record has its place. What others appended before it was told before. */
  async function landed(
    record: Uint8Array,
    update: Uint8Array | undefined,
    { offset, chain }: { readonly offset: number; readonly chain: string },
  ): Promise<void> {
    const hash = recordHash(crypto, record);
    if (offset !== place.offset + 1 || chain !== chainNext(crypto, place.chain, hash)) {
      await again(offset, `record ${offset} stands on others than were told of`);
      return;
    }
    const { seq } = place.authors.get(source.publicKey) ?? { seq: 0 };
    const { since, vector } = place;
    move({
      ...place,
      offset,
      chain,
      authors: new Map(place.authors).set(source.publicKey, { seq: seq + 1, hash }),
      vector: update ? extended(vector, update) : vector,
      since: update
        ? { records: since.records + 1, bytes: since.bytes + record.length }
        : { records: 0, bytes: 0 },
    });
    settle();
  }

  /** Plans a snapshot where one is worth while. */
  function settle(): void {
    const { name } = place;
    if (snapshotSoon || name === undefined) return;
    const isWorth = (): boolean => isDue(policy, place, source.isHot(name));
    if (!isWorth()) return;
    snapshotSoon = true;
    context.later(
      () => {
        snapshotSoon = false;
        if (isWorth() && ready && !appending && !locked) snapshot();
      },
      policy.from,
      policy.to,
    );
  }

  function snapshot(): void {
    appending = true;
    void inTurn(async () => {
      const { name, vector, offset: to, chain, authors } = place;
      const update = name === undefined ? undefined : await source.diff(name, vectorBytes(new Map()));
      // What is larger than a record, or not all in the mailbox yet, waits.
      const fits = update && update.length <= updateBytes && covers(extended(new Map(), update), vector);
      const list = [...authors].map(([author, { seq, hash }]) => [author, seq, hash] as const);
      const record = fits ? write({ kind: 'snapshot', update, authors: list }, { to, chain }) : undefined;
      if (record) void send(record, undefined);
      else appending = false;
    });
  }

  return {
    get place() {
      return place;
    },
    get behind() {
      return !ready || dirty || appending || reading || locked || isBroken();
    },
    meet: (extent) =>
      inTurn(async () => {
        locked = false;
        told = Math.max(told, extent?.last ?? 0);
        if (told > place.offset) await readTo(told);
        if (extent && place.offset === extent.last && place.chain !== extent.chain)
          await again(extent.last, `the chain at ${extent.last} is not that of its records`);
        ready = !locked;
        context.changed();
        flush();
        settle();
      }),
    entry(offset, record) {
      void inTurn(async () => {
        told = Math.max(told, offset);
        if (!ready || locked || isBroken() || offset <= place.offset) return;
        if (offset === place.offset + 1) await take([record], offset);
        else await readTo(offset);
        if (place.since.records > 0) settle();
      });
    },
    touch() {
      dirty = true;
      flush();
    },
    unlock() {
      if (!locked && ready) flush();
      else if (locked) void this.meet(undefined);
    },
  };
}
