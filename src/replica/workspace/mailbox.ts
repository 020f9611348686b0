import {
  type Admission,
  CoterieError,
  type Entry,
  type Hash,
  SealedRecords,
} from '../../../schemas/index.ts';
import { type Caller, createCaller } from '../../client/call.ts';
import type { Transport } from '../../client/transport.ts';
import { nodeCrypto } from '../../keys/node.ts';
import { makeProof } from '../../keys/proof.ts';
import { documentName, openLogDocument } from '../../log/index.ts';
import { fromBase64url, readEntry, type Signer } from '../../op/index.ts';
import { documentIds, documentKey, type EpochKey, epochMark, mailboxId } from '../../seal/names.ts';
import { readHead, readRecord } from '../../seal/record.ts';

export interface MailboxOptions {
  readonly workspace: Hash;
  /** The relay, and its listening key. */
  readonly url: string;
  readonly relay: string;
  /** Secrets of key epochs, the founding one first. */
  readonly epochs: readonly EpochKey[];
  /** The replica's own key, which the relay has let in. */
  readonly signer: Pick<Signer, 'publicKey' | 'sign'>;
  readonly transport: Transport;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
}

type Members = Admission['members'];

/** Bytes of a document at most, in base64url: a relay that goes on and on fills no memory. */
const mostText = 256 * 1024 * 1024;

const garbled = (): CoterieError =>
  new CoterieError('unreachable', 'The relay answers what no mailbox does.', {
    hint: 'Ask who invited you whether the relay is well.',
  });

/**
 * What who joins through a sealed relay must know of the members log, read from the mailbox: an invite, and all that it
 * follows on, causes first. The rest comes by the link, as to every replica. Rejects with `unreachable` where the mailbox
 * does not hold the invite (yet), and as the relay refuses.
 */
export async function readInvite(options: MailboxOptions, invite: Hash): Promise<Members> {
  const entries = await readMembers(options);
  const found: Members[number][] = [];
  const met = new Set<Hash>();
  // A path from the invite back, without recursion: chains are long.
  const open: { readonly hash: Hash; readonly isDone: boolean }[] = [{ hash: invite, isDone: false }];
  for (let one = open.pop(); one; one = open.pop()) {
    const at = entries.get(one.hash);
    if (one.isDone && at) found.push(at);
    if (one.isDone || met.has(one.hash)) continue;
    met.add(one.hash);
    if (!at)
      throw new CoterieError('unreachable', 'The relay does not hold all yet that this ticket needs.', {
        hint: 'Who invited you has to bring it there: ask whether their node is up, then join again.',
      });
    open.push({ hash: one.hash, isDone: true });
    const { prev, after, members } = at.entry.header;
    for (const hash of [prev, ...after, ...(members ?? [])])
      if (hash !== '') open.push({ hash, isDone: false });
  }
  return found;
}

/** All entries of the members log that the mailbox holds, by their hashes. */
async function readMembers(options: MailboxOptions): Promise<ReadonlyMap<Hash, Members[number]>> {
  const { workspace, url, relay, epochs, signer, transport, now, random } = options;
  const mailbox = mailboxId(nodeCrypto, workspace);
  const proof = await makeProof(signer, { audience: relay, workspace: mailbox, now: now(), random });
  const caller = createCaller(url, proof, transport);
  const [founding] = epochs;
  if (!founding) throw new CoterieError('ticket_invalid', 'The ticket brings no secret of the workspace.');
  const idOf = documentIds(mailbox, founding);
  const marks = new Map(epochs.map((epoch) => [epochMark(nodeCrypto, epoch.id), epoch]));
  const entries = new Map<Hash, Members[number]>();
  for (let segment = 1; ; segment++) {
    const name = documentName('members', segment);
    const place = { mailbox, document: idOf(name) };
    const records = await recordsOf(caller, place);
    if (!records) return entries;
    const here = entriesOf(records, (record) => updateOf(record, place, name, marks));
    // A relay can name documents without end, but writes nothing that opens.
    if (here.length === 0) return entries;
    for (const entry of here) {
      const read = readEntry(nodeCrypto, entry);
      if (read.ok) entries.set(read.hash, { segment, entry: read.entry });
    }
  }
}

async function recordsOf(
  caller: Caller,
  { mailbox, document }: { readonly mailbox: string; readonly document: string },
): Promise<Uint8Array[] | undefined> {
  const records: Uint8Array[] = [];
  let size = 0;
  for (let after = 0; ; ) {
    let answer: unknown;
    try {
      answer = await caller.json('GET', `/mailboxes/${mailbox}/documents/${document}`, { query: { after } });
    } catch (error) {
      if (error instanceof CoterieError && error.code === 'not_found') return undefined;
      throw error;
    }
    const parsed = SealedRecords.safeParse(answer);
    if (!parsed.success || parsed.data.from <= after) throw garbled();
    const piece = parsed.data;
    size += piece.records.reduce((sum, { length }) => sum + length, 0);
    if (size > mostText) throw garbled();
    for (const text of piece.records)
      records.push(fromBase64url(text, Math.floor((text.length * 3) / 4)) ?? new Uint8Array(0));
    after = piece.from + piece.records.length - 1;
    if (piece.last || piece.records.length === 0) return records;
  }
}

/** What a record holds; undefined for what can't be opened: the link looks into it, and tells. */
function updateOf(
  record: Uint8Array,
  place: { readonly mailbox: string; readonly document: string },
  name: string,
  marks: ReadonlyMap<string, EpochKey>,
): Uint8Array | undefined {
  const epoch = marks.get(readHead(record)?.epoch ?? '');
  const opened = epoch && readRecord(place, record, documentKey(epoch, place.document));
  return opened?.name === name && opened.payload.kind !== 'entries' ? opened.payload.update : undefined;
}

/** The entries of a document, from the records that can be had. Each is checked by who takes it. */
function entriesOf(
  records: readonly Uint8Array[],
  updateFrom: (record: Uint8Array) => Uint8Array | undefined,
): Entry[] {
  const document = openLogDocument({ clientID: 1 });
  try {
    for (const record of records) {
      const update = updateFrom(record);
      try {
        if (update) document.apply(update);
      } catch {
        // No update: others have what it should have held, or the link tells.
      }
    }
    return [...document.entries()].map(([, entry]) => entry);
  } finally {
    document.close();
  }
}
