import { sealedProtocol } from '../../../schemas/sealed.ts';
import type { ToClient } from '../wire.ts';
import { type Mailbox, Refusal } from './mailbox.ts';
import { numberIn, readRecordRow, recordKey } from './rows.ts';
import type { Documented } from './state.ts';

/** Documents of one answer. */
const extentsInFrame = 4_096;

type Answer<Type extends ToClient['type']> = Extract<ToClient, { readonly type: Type }>;

/** Which documents there are after one, as far as they are durable. */
export function inventory({ state }: Mailbox, after: string): Answer<'inventory'> {
  const names = [...state.documents.values()]
    .filter(({ name, durable }) => name > after && durable.last > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const documents = names.slice(0, extentsInFrame).map(({ name, durable }) => ({
    document: name,
    base: durable.base,
    last: durable.last,
    chain: durable.chain,
  }));
  return { type: 'inventory', last: names.length <= extentsInFrame, documents };
}

/** Records that are durable, in order and without gaps. */
export interface Piece {
  readonly base: number;
  readonly baseChain: string;
  readonly from: number;
  readonly records: readonly Uint8Array[];
  /** There are no more. */
  readonly last: boolean;
}

/** How often records may be let go between looking how far they go and reading them. */
const tries = 4;

/** Reads records after an offset, or after the base where that is beyond it: one at least, if there is one. */
export async function readRecords(
  mailbox: Mailbox,
  name: string,
  { after, max }: { readonly after: number; readonly max: number },
): Promise<Piece> {
  const document = mailbox.state.documents.get(name);
  if (!document || document.durable.last === 0) throw new Refusal('not_found', 'there is no such document');
  for (let i = 0; i < tries; i++) {
    const piece = await readOnce(mailbox, document, after, Math.min(max, sealedProtocol.readBytes));
    if (piece) return piece;
  }
  throw new Error('records are missing');
}

async function readOnce(
  { store, state, counts }: Mailbox,
  { name, durable }: Documented,
  after: number,
  max: number,
): Promise<Piece | undefined> {
  const { base, baseChain, last } = durable;
  const from = Math.max(after, base) + 1;
  const records: Uint8Array[] = [];
  let bytes = 0;
  if (from <= last) {
    const range = { gte: recordKey(state.id, name, from), lt: recordKey(state.id, name, last + 1) };
    for await (const [key, value] of store.scan(range)) {
      // They were let go since.
      if (numberIn(key) !== from + records.length) return undefined;
      const { record } = readRecordRow(value);
      if (records.length > 0 && bytes + record.length > max) break;
      records.push(record);
      bytes += record.length;
      if (records.length >= sealedProtocol.recordsInFrame) break;
    }
    if (records.length === 0) return undefined;
  }
  counts.read += records.length;
  counts.readBytes += bytes;
  return { base, baseChain, from, records, last: from + records.length > last };
}
