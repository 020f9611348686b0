import type { Crypto } from '../../op/index.ts';
import { chainNext, recordHash } from '../chain.ts';
import type { Extent, ToClient } from '../wire.ts';
import { applied } from './applying.ts';
import { type Opened, openRecord } from './opening.ts';
import type { AlarmKind, LinkSource, Place } from './port.ts';
import { hasBeenRead, isDue, type SnapshotPolicy } from './snapshots.ts';
import { unread } from './unread.ts';
import { extended } from './vectors.ts';
import { createWriting, type Made } from './writing.ts';

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
  /** Confirms a snapshot by the hash of its record. */
  confirm(document: string, offset: number, record: string): Promise<void>;
  put(document: string, place: Place): void;
  alarm(kind: AlarmKind, document: string, message: string): void;
  /** A record that an honest replica does not make: by whom. */
  refused(author: string, document: string, reason: string): void;
  /** The replica, or this code, failed. */
  failed(error: unknown): void;
  changed(): void;
  readonly now: () => number;
  /** How many changes this session was told of: what was told by then is stored, or not yet. */
  readonly told: () => number;
  /** Runs after a while by lot, unless the session is over by then. */
  later(task: () => void, from: number, to: number): void;
}

/** One document of a mailbox, as a session brings it in step. */
export interface LinkedDocument {
  readonly place: Place;
  /** Something of it is not read, or not in the mailbox, as far as is known. */
  readonly behind: boolean;
  /** It was met in this session. */
  readonly met: boolean;
  /** Reads what lies beyond, then appends what the mailbox lacks. */
  meet(extent: Extent | undefined): Promise<void>;
  /** The relay told of a record. */
  entry(offset: number, record: Uint8Array): void;
  /** The replica has more of it, as it was told with this number. */
  want(told: number): void;
  /** Appends what it has more. */
  touch(): void;
  /** All of it that was told up to this number is durable in the mailbox. */
  isStored(told: number): boolean;
  /** Confirms an old snapshot of this replica, where nobody else is there to do it. */
  confirmOwn(): void;
  /** A secret is new here: what waited for it is tried again. */
  unlock(): void;
}

/** A snapshot that nobody else could confirm is confirmed by its author after this long, as its relay has it, ms. */
const aloneFor = 7 * 24 * 3_600_000;

export function linkDocument(context: DocumentContext, id: string, known: Place): LinkedDocument {
  const { source, crypto } = context;
  const at = { mailbox: context.mailbox, document: id };
  const opening = { crypto, keyring: source.keyring, at, idOf: context.idOf };
  const writing = createWriting(context, at);
  let place = known;
  let turn: Promise<unknown> = Promise.resolve();
  /** Met, and read as far as the relay told. */
  let ready = false;
  /** The highest offset that the relay told of. */
  let told = known.offset;
  /** What was told last, and up to which all is in the mailbox. */
  let wanted = 0;
  let clean = -1;
  /** Where it stood when something came that waits for what it follows: read from there when it is met again. */
  let held: Place | undefined;
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
    context.put(id, held ?? place);
    context.changed();
  }

  /** Takes records that follow each other. False once one can't be opened yet. */
  async function take(records: readonly Uint8Array[], from: number): Promise<boolean> {
    const opened: Opened[] = [];
    const before = place;
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
      const { parked, ...holds } = await applied(context, { id, name, before, opened, records, from });
      at = { ...at, ...holds };
      held = parked > 0 ? (held ?? before) : undefined;
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
    held = undefined;
    move(unread(crypto, { ...context, document: id }, place.name));
    if (!isBroken()) await readTo(offset);
  }

  const isBroken = (): boolean => doubted > 1;
  /** Named by an epoch that is not the first any more: read, and written to no more. */
  const isFormer = (): boolean => place.name !== undefined && context.idOf(place.name) !== id;

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
    if (!ready || appending || locked || isBroken() || isFormer() || place.name === undefined) return;
    appending = true;
    void inTurn(async () => {
      const told = context.told();
      const made = await writing.next(place);
      if (made === 'nothing') clean = told;
      if (made && made !== 'nothing') void send(made, made.all ? told : undefined);
      else appending = false;
      context.changed();
    });
  }

  /** `told`: with this record all up to there is in the mailbox. */
  async function send(made: Made, told: number | undefined): Promise<void> {
    const isSent = await sent(made, false);
    if (isSent && told !== undefined && !isBroken()) clean = Math.max(clean, told);
    appending = false;
    if (isSent) flush();
    context.changed();
  }

  /** False where it was not appended: the session tells why, and it is when the mailbox is met again. */
  async function sent(made: Made, isSnapshot: boolean): Promise<boolean> {
    let answer: Awaited<ReturnType<DocumentContext['append']>>;
    try {
      answer = await context.append(id, made.record);
    } catch {
      wanted = Math.max(wanted, clean + 1);
      return false;
    }
    await inTurn(() => landed(made, isSnapshot, answer));
    return true;
  }

  /** Its own record has its place. What others appended before it was told before. */
  async function landed(
    { record, update }: Made,
    isSnapshot: boolean,
    { offset, chain }: { readonly offset: number; readonly chain: string },
  ): Promise<void> {
    const hash = recordHash(crypto, record);
    if (offset !== place.offset + 1 || chain !== chainNext(crypto, place.chain, hash)) {
      await again(offset, `record ${offset} stands on others than were told of`);
      return;
    }
    const { authors, since } = place;
    const { seq } = authors.get(source.publicKey) ?? { seq: 0 };
    move({
      ...place,
      offset,
      chain,
      authors: new Map(authors).set(source.publicKey, { seq: seq + 1, hash }),
      vector: extended(place.vector, update),
      removed: hasBeenRead(place, update, isSnapshot),
      since: isSnapshot
        ? { records: 0, bytes: 0 }
        : { records: since.records + 1, bytes: since.bytes + record.length },
      own: isSnapshot ? { offset, hash, at: context.now() } : place.own,
    });
    settle();
  }

  /** Plans a snapshot where one is worth while. */
  function settle(): void {
    const { name } = place;
    if (snapshotSoon || name === undefined || isFormer()) return;
    const isWorth = (): boolean => isDue(context.snapshots, place, source.isHot(name));
    if (!isWorth()) return;
    snapshotSoon = true;
    context.later(
      () => {
        snapshotSoon = false;
        if (isWorth() && ready && !appending && !locked) snapshot();
      },
      context.snapshots.from,
      context.snapshots.to,
    );
  }

  function snapshot(): void {
    appending = true;
    void inTurn(async () => void bring(await writing.snapshot(place)));
  }

  /** The parts of a snapshot, one after the other. */
  async function bring(parts: Awaited<ReturnType<typeof writing.snapshot>>): Promise<void> {
    let isSent = true;
    for (const [i, part] of parts.entries()) {
      const made = part(place);
      isSent = made !== undefined && !isBroken() && (await sent(made, i === parts.length - 1));
      if (!isSent) break;
    }
    appending = false;
    if (isSent && wanted > clean) flush();
    context.changed();
  }

  let met = false;
  return {
    get met() {
      return met;
    },
    get place() {
      return place;
    },
    get behind() {
      return !ready || wanted > clean || appending || reading || locked || isBroken();
    },
    meet: (extent) =>
      inTurn(async () => {
        met = true;
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
    want(told) {
      wanted = told;
    },
    touch: flush,
    isStored: (told) =>
      ready && !locked && !isBroken() && (isFormer() || clean >= told || (clean >= 0 && wanted <= clean)),
    confirmOwn() {
      const { own } = place;
      if (!own || context.now() < own.at + aloneFor || source.roster().inForce.length > 1) return;
      move({ ...place, own: undefined });
      void context.confirm(id, own.offset, own.hash);
    },
    unlock() {
      if (!locked && ready) flush();
      else if (locked) void this.meet(undefined);
    },
  };
}
