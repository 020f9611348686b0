import { ByteReader, ByteWriter } from './bytes.ts';
import { type KeptDocument, type TextIndex, textIndexVersion } from './minisearch.ts';
import { wordsVersion } from './words.ts';

/** Raise it when the layout of the file changes. */
const layoutVersion = 2;

/** An index of another version is made again: its terms would not be those of a query. */
const version = [layoutVersion, textIndexVersion, wordsVersion].join('.');

/** How far in which feed an index has come. */
export interface IndexPosition {
  epoch: string;
  position: number;
}

const kinds = ['message', 'task', 'comment', 'memory'] as const;

/**
 * An index as bytes, in chunks small enough that its thread can answer in between. The index may change between
 * chunks: what changed is made again after reading, since the position written is that of the beginning.
 */
export function* encodeIndex(index: TextIndex, position: IndexPosition): Generator<Buffer> {
  const next = index.next;
  const out = new ByteWriter();
  out.string(version);
  out.string(position.epoch);
  out.count(position.position);
  let last = -1;
  for (const document of index.documents(next)) {
    out.count(document.number - last);
    last = document.number;
    encodeDocument(out, document);
    if (out.full) yield out.take();
  }
  out.count(0);
  for (const { term, fields } of index.postings(next)) {
    out.count(fields.length);
    out.string(term);
    for (const { field, documents } of fields) {
      out.count(field);
      out.count(documents.length);
      let before = -1;
      for (const [number, times] of documents) {
        // One bit says whether a term occurs once, as most do.
        out.count((number - before) * 2 + (times > 1 ? 1 : 0));
        if (times > 1) out.count(times);
        before = number;
      }
    }
    if (out.full) yield out.take();
  }
  out.count(0);
  yield out.take();
}

function encodeDocument(out: ByteWriter, { id, kind, at, facets = [], lengths }: KeptDocument): void {
  out.string(id);
  out.count(kinds.indexOf(kind));
  out.float(at);
  out.count(facets.length);
  for (const facet of facets) out.shared(facet);
  out.count(lengths.length);
  for (let field = 0; field < lengths.length; field++) out.count(lengths[field] ?? 0);
}

function decodeDocument(from: ByteReader, number: number): KeptDocument {
  const id = from.string();
  const kind = kinds[from.count()];
  if (kind === undefined) throw new RangeError('No such kind.');
  const at = from.float();
  const facets = Array.from({ length: from.count() }, () => from.shared());
  const lengths = Array.from({ length: from.count() }, () => from.count());
  return { number, id, kind, at, facets, lengths };
}

/**
 * Fills an empty index. Returns its position, or `undefined`, with the index untouched, when the bytes are of
 * another version or feed, or from beyond the feed's end. Throws on bytes that no index wrote.
 */
export function decodeIndex(
  bytes: Buffer,
  index: TextIndex,
  feed: { epoch: string; end: number },
): number | undefined {
  const from = new ByteReader(bytes);
  if (from.string() !== version || from.string() !== feed.epoch) return undefined;
  const position = from.count();
  if (position > feed.end) return undefined;
  let number = -1;
  for (let step = from.count(); step > 0; step = from.count()) {
    number += step;
    index.restore(decodeDocument(from, number));
  }
  for (let fields = from.count(); fields > 0; fields = from.count()) {
    const term = from.string();
    const data = new Map<number, Map<number, number>>();
    for (let i = 0; i < fields; i++) data.set(from.count(), decodePostings(from));
    index.restorePostings(term, data);
  }
  return position;
}

function decodePostings(from: ByteReader): Map<number, number> {
  const documents = new Map<number, number>();
  let number = -1;
  for (let left = from.count(); left > 0; left--) {
    const step = from.count();
    number += Math.floor(step / 2);
    documents.set(number, step % 2 === 1 ? from.count() : 1);
  }
  return documents;
}
