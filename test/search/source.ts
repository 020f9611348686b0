import type { SearchChange, SearchDocument, SearchSource } from '../../src/search/index.ts';

/** A feed in an array: each change is one number. */
export interface ArraySource extends SearchSource {
  epoch: string;
  readonly changes: SearchChange[];
  /** How often it was read. */
  reads: number;
  put(document: Partial<SearchDocument> & { id: string }): void;
  remove(id: string): void;
  /** When set, reading rejects with it. */
  failure: Error | undefined;
}

export function arraySource(epoch = 'one'): ArraySource {
  const changes: SearchChange[] = [];
  return {
    epoch,
    changes,
    reads: 0,
    failure: undefined,
    end: () => changes.length,
    document(id) {
      const last = changes.findLast((change) => ('put' in change ? change.put.id : change.remove) === id);
      return last && 'put' in last ? last.put : undefined;
    },
    async read(from, limit) {
      this.reads += 1;
      if (this.failure) throw this.failure;
      const next = Math.min(changes.length, from + limit);
      return { changes: changes.slice(from, next), next };
    },
    put(document) {
      changes.push({ put: { kind: 'message', text: '', at: 1000 + changes.length, ...document } });
    },
    remove(id) {
      changes.push({ remove: id });
    },
  };
}

const nouns =
  'river engine lantern meadow copper violin harbour thunder velvet compass orchard glacier'.split(' ');
const verbs = 'builds merges reviews deploys paints carries measures repairs'.split(' ');

/** Puts `count` documents of plain sentences, `d0` to `d<count - 1>`. */
export function fill(source: ArraySource, count: number): void {
  for (let i = 0; i < count; i++) {
    const text = `The ${nouns[i % 12]} ${verbs[(i >> 2) % 8]} a ${nouns[(i * 7 + 3) % 12]} number${i}`;
    source.put({ id: `d${i}`, text, facets: [`in:c${i % 3}`] });
  }
}
