import { applyUpdate, Doc, mergeUpdates } from 'yjs';
import type { Hash } from '../../../schemas/index.ts';
import { recordHash } from '../chain.ts';
import { documentKey } from '../names.ts';
import { readHead, readRecord } from '../record.ts';
import type { DocumentContext } from './document.ts';
import { entriesOf } from './entries.ts';
import type { Opened } from './opening.ts';
import type { Place } from './port.ts';
import { hasBeenRead } from './snapshots.ts';
import { extended, type Vector } from './vectors.ts';

/** Updates that are taken in together, bytes. */
const together = 512 * 1024;

interface Applying {
  readonly id: string;
  readonly name: string;
  /** Where the document stood before these records. */
  readonly before: Place;
  readonly opened: readonly Opened[];
  /** As they came, the first at offset `from`. */
  readonly records: readonly Uint8Array[];
  readonly from: number;
}

/** What the mailbox holds, and how many parts of it wait for what they follow. */
export interface Applied extends Pick<Place, 'vector' | 'removed'> {
  readonly parked: number;
}

/**
 * Gives the replica what records hold, which its guard judges, and returns what the mailbox holds with them. A snapshot
 * of another replica that holds all of it is confirmed.
 */
export async function applied(context: DocumentContext, batch: Applying): Promise<Applied> {
  const { source, crypto, session } = context;
  let { vector, removed } = batch.before;
  let parked = 0;
  let gathered: { update: Uint8Array; author: string }[] = [];
  let size = 0;

  async function flush(): Promise<void> {
    const all = gathered;
    gathered = [];
    size = 0;
    const updates = all.map(({ update }) => update);
    const [first] = updates;
    if (first === undefined) return;
    const merged = updates.length === 1 ? first : merge(updates);
    const received = merged && (await source.receive(batch.name, merged, session));
    if (received?.ok) parked = received.parked;
    // One of them is not to be had: each is judged by itself, and its author is told of.
    else
      for (const { update, author } of all) {
        const one = await source.receive(batch.name, update, session);
        if (one.ok) parked = one.parked;
        else context.refused(author, batch.id, one.reason);
      }
    if (source.isSplit(batch.name))
      for (const { update, author } of all) await byKey(entriesOf(update), author);
  }

  async function byKey(entries: readonly (readonly [Hash, string])[], author: string): Promise<void> {
    if (entries.length === 0) return;
    const received = await source.take(batch.name, entries, session);
    if (!received.ok) context.refused(author, batch.id, received.reason);
  }

  for (const { payload, head, place } of batch.opened) {
    if (!payload || !head) continue;
    if (payload.kind === 'entries') {
      await flush();
      await byKey(payload.entries, head.author);
      continue;
    }
    if (size + payload.update.length > together) await flush();
    gathered.push({ update: payload.update, author: head.author });
    size += payload.update.length;
    vector = grown(vector, payload.update);
    removed = hasBeenRead({ removed }, payload.update, payload.kind === 'snapshot');
    if (payload.kind === 'snapshot' && head.author !== source.publicKey) {
      await flush();
      const record = batch.records[place.offset - batch.from];
      const parts = head.snapshot
        ? await between(context, batch.id, head.snapshot.to, place.offset)
        : undefined;
      if (record && parts && (await holdsAll(context, batch.name, [...parts, payload.update])))
        await context.confirm(batch.id, place.offset, recordHash(crypto, record));
    }
  }
  await flush();
  return { vector, removed, parked };
}

function merge(updates: readonly Uint8Array[]): Uint8Array | undefined {
  try {
    return mergeUpdates([...updates]);
  } catch {
    return undefined;
  }
}

function grown(vector: Vector, update: Uint8Array): Vector {
  try {
    return extended(vector, update);
  } catch {
    // What is no update says nothing of what the mailbox holds.
    return vector;
  }
}

/**
 * The updates of records that a snapshot does not stand for and that come before it: parts of it, when it does not fit into
 * one record. Undefined where they can't be had.
 */
async function between(
  { mailbox, source, read }: DocumentContext,
  document: string,
  to: number,
  offset: number,
): Promise<readonly Uint8Array[] | undefined> {
  const updates: Uint8Array[] = [];
  for (let at = to; at < offset - 1; ) {
    const answer = await read(document, at);
    if (answer.from !== at + 1 || answer.records.length === 0) return undefined;
    for (const record of answer.records.slice(0, offset - 1 - at)) {
      const epoch = source.keyring.byMark(readHead(record)?.epoch ?? '');
      const opened = epoch && readRecord({ mailbox, document }, record, documentKey(epoch, document));
      if (opened && opened.payload.kind !== 'entries') updates.push(opened.payload.update);
    }
    at += answer.records.length;
  }
  return updates;
}

/** True where a snapshot holds every entry that is here, with its text where that is here. */
async function holdsAll(
  { source }: Pick<DocumentContext, 'source'>,
  name: string,
  updates: readonly Uint8Array[],
): Promise<boolean> {
  const whole = new Doc();
  try {
    for (const update of updates) applyUpdate(whole, update);
    const entries = whole.getMap<{ readonly body?: unknown } | undefined>('ops');
    for (const [key, hasBody] of await source.keys(name)) {
      const entry = entries.get(key);
      if (entry === undefined || (hasBody && entry.body === undefined)) return false;
    }
    return true;
  } catch {
    return false;
  } finally {
    whole.destroy();
  }
}
