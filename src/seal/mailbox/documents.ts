import { confirmBytes } from '../admitted.ts';
import { chainNext, chainStart, recordHash } from '../chain.ts';
import { type RecordHead, readHead } from '../record.ts';
import type { ToRelay } from '../wire.ts';
import { encodeToClient } from '../wire.ts';
import { type Mailbox, Refusal } from './mailbox.ts';
import { type RecordRow, readRecordRow, recordKey, recordRow, type SnapshotRow } from './rows.ts';
import type { OwnSession } from './session.ts';
import { type Documented, durableOf } from './state.ts';

/** Snapshots of a document that may be confirmed; of more, the newest. */
const mostSnapshots = 8;
/** Records that go in one batch: what is left is let go by the next. */
const trimStep = 8_192;

type Asked<Type extends ToRelay['type']> = Extract<ToRelay, { readonly type: Type }>;

/** The document, made in memory where there is none. */
function documentOf({ state, crypto, limits }: Mailbox, name: string): Documented {
  const known = state.documents.get(name);
  if (known) return known;
  if (!state.head) throw new Refusal('not_found', 'there is no such mailbox');
  if (state.documents.size >= limits.documents)
    throw new Refusal('quota', `the mailbox holds ${limits.documents} documents already`);
  const chain = chainStart(crypto, {
    mailbox: state.id,
    incarnation: state.head.incarnation,
    document: name,
  });
  const row = { base: 0, baseChain: chain, baseBytes: 0, last: 0, chain, lastBytes: 0, snapshots: [] };
  return { ...row, name, durable: durableOf(row) };
}

/** A record that is durable. */
function rowAt({ store, state }: Mailbox, { name }: Documented, offset: number): RecordRow {
  const row = store.getSync(recordKey(state.id, name, offset));
  if (!row) throw new Error(`record ${offset} is missing`);
  return readRecordRow(row);
}

/** What a snapshot says of the records that it stands for must be what they are. */
function checkSnapshot(
  mailbox: Mailbox,
  document: Documented,
  { to, chain }: NonNullable<RecordHead['snapshot']>,
): void {
  if (to <= document.base || to > document.durable.last)
    throw new Refusal('wrong_chain', `no records up to ${to} are here`);
  if (rowAt(mailbox, document, to).chain !== chain)
    throw new Refusal('wrong_chain', `the chain at ${to} is another`);
}

/** Appends a record; `appended` follows when it is durable, and `entry` to the others. */
export function append(
  mailbox: Mailbox,
  session: OwnSession,
  { tag, document: name, record }: Asked<'append'>,
): void {
  const { state, limits, crypto, counts } = mailbox;
  const about = readHead(record);
  if (!about) throw new Refusal('record_invalid', 'this has not the form of a record');
  if (about.author !== session.key) throw new Refusal('record_invalid', 'the record is of another author');
  const { head } = state;
  const document = documentOf(mailbox, name);
  if (!head || head.bytes + record.length > limits.bytes || head.records >= limits.records)
    throw new Refusal('quota', 'the mailbox is full');
  if (about.snapshot) checkSnapshot(mailbox, document, about.snapshot);

  const offset = document.last + 1;
  const chain = chainNext(crypto, document.chain, recordHash(crypto, record));
  state.documents.set(name, document);
  document.last = offset;
  document.chain = chain;
  document.lastBytes += record.length;
  head.bytes += record.length;
  head.records += 1;
  if (about.snapshot) {
    const row: SnapshotRow = { offset, to: about.snapshot.to, author: about.author, at: mailbox.now() };
    document.snapshots = [...document.snapshots, row].slice(-mostSnapshots);
  }
  const bytes = document.lastBytes;
  const row = recordRow(recordKey(state.id, name, offset), { chain, bytes, record });
  const done = session.taken(record.length);
  mailbox.dirty(document);
  mailbox.write([row], () => {
    document.durable = { ...document.durable, last: offset, chain };
    counts.appended += 1;
    counts.appendedBytes += record.length;
    done();
    session.send({ type: 'appended', tag, document: name, offset, chain });
    let frame: Uint8Array | undefined;
    for (const other of mailbox.sessions) {
      if (other === session || !other.subscribed) continue;
      frame ??= encodeToClient({ type: 'entry', document: name, offset, record });
      other.entry(name, offset, frame);
    }
  });
}

/** True where nobody else could look into a snapshot. */
const isAlone = ({ state }: Mailbox): boolean => state.admitted?.keys.size === 1 && state.joined.size === 0;

function confirmable(mailbox: Mailbox, { document: name, offset }: Asked<'confirm'>, by: string) {
  const document = mailbox.state.documents.get(name);
  const snapshot = document?.snapshots.find((one) => one.offset === offset);
  if (!document || !snapshot || offset > document.durable.last)
    throw new Refusal('not_found', 'there is no such snapshot');
  if (snapshot.author === by) {
    if (!isAlone(mailbox)) throw new Refusal('own_snapshot', 'another replica has to confirm it');
    if (mailbox.now() < snapshot.at + mailbox.limits.alone)
      throw new Refusal('own_snapshot', 'nobody else is here, so it has to be some days old');
  }
  return { document, snapshot };
}

/** Confirms a snapshot: what it stands for is let go. */
export async function confirm(mailbox: Mailbox, session: OwnSession, asked: Asked<'confirm'>): Promise<void> {
  const { state, crypto } = mailbox;
  const { document } = confirmable(mailbox, asked, session.key);
  const { record } = rowAt(mailbox, document, asked.offset);
  const bytes = confirmBytes({
    mailbox: state.id,
    incarnation: state.head?.incarnation ?? '',
    document: asked.document,
    offset: asked.offset,
    record: recordHash(crypto, record),
  });
  if (!(await crypto.verify(session.key, bytes, asked.sig)))
    throw new Refusal('forged', 'the signature does not hold');
  // Another may have confirmed this one or a later one meanwhile.
  const { snapshot } = confirmable(mailbox, asked, session.key);
  document.confirmed = { offset: asked.offset, by: session.key, sig: asked.sig };
  trim(mailbox, document, snapshot.to, () => session.send({ type: 'ok', tag: asked.tag }));
}

/** Lets go what lies before and at `to`, some thousand records a batch. */
function trim(mailbox: Mailbox, document: Documented, to: number, done: () => void): void {
  const { state, counts } = mailbox;
  const { head } = state;
  const { name, base: from } = document;
  const end = Math.min(to, from + trimStep);
  if (!head || end <= from) {
    mailbox.write([], done);
    return;
  }
  const { chain, bytes } = rowAt(mailbox, document, end);
  head.bytes -= bytes - document.baseBytes;
  head.records -= end - from;
  document.base = end;
  document.baseChain = chain;
  document.baseBytes = bytes;
  document.snapshots = document.snapshots.filter((one) => one.to > end);
  const gone = Array.from(
    { length: end - from },
    (_, i) => [recordKey(state.id, name, from + 1 + i), undefined] as const,
  );
  mailbox.dirty(document);
  mailbox.write([...gone, mailbox.trims.note(state.id, name)], () => {
    document.durable = { ...document.durable, base: end, baseChain: chain };
    counts.trimmed += end - from;
    for (const other of mailbox.sessions)
      if (other.subscribed) other.send({ type: 'trimmed', document: name, base: end, baseChain: chain });
    if (document.base < to) trim(mailbox, document, to, done);
    else done();
  });
}
