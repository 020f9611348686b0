import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import MiniSearch from 'minisearch';
import type { SearchAnswer } from '../../schemas/index.ts';
import { openReplica } from '../../src/index.ts';
import type { SetMemory } from './sets.ts';

/** Something that searches the memories of a set. */
export interface System {
  /** Ids of at most `count` memories, the best first; none when it finds nothing. */
  rank(question: string, count: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A row of the table. */
export interface Entrant {
  readonly name: string;
  /** Resolves when all memories can be found. */
  open(memories: readonly SetMemory[]): Promise<System>;
}

const closed = async () => {};
const asText = ({ text, tags }: SetMemory): string => [text, ...(tags ?? [])].join(' ');

/** `LIKE '%word%'` for each word of the question: who has more of them is first, then who is newer. */
const like: Entrant = {
  name: 'LIKE',
  async open(memories) {
    const rows = memories.map((memory) => ({ id: memory.id, text: asText(memory).toLowerCase() })).reverse();
    return {
      async rank(question, count) {
        const words = [...new Set(question.toLowerCase().match(/[\p{L}\p{N}]+/gu))];
        return rows
          .map(({ id, text }) => ({ id, score: words.filter((word) => text.includes(word)).length }))
          .filter(({ score }) => score > 0)
          .sort((a, b) => b.score - a.score)
          .slice(0, count)
          .map(({ id }) => id);
      },
      close: closed,
    };
  },
};

const minisearch: Entrant = {
  name: 'minisearch as it comes',
  async open(memories) {
    const index = new MiniSearch<{ id: string; text: string; tags: string }>({ fields: ['text', 'tags'] });
    index.addAll(memories.map(({ id, text, tags }) => ({ id, text, tags: (tags ?? []).join(' ') })));
    return {
      rank: async (question, count) =>
        index
          .search(question)
          .slice(0, count)
          .map(({ id }) => String(id)),
      close: closed,
    };
  },
};

type Mode = 'text' | 'semantic' | 'hybrid';

/** A replica that remembers it all and is asked as anybody would ask it. */
const coterie = (name: string, mode: Mode): Entrant => ({
  name,
  async open(memories) {
    const root = mkdtempSync(join(tmpdir(), 'coterie-bench-quality-'));
    const at = { directory: join(root, 'data'), config: join(root, 'config') };
    const embeddings = mode === 'text' ? false : 'built-in';
    const replica = await openReplica({ ...at, as: 'kai', durability: 'os', embeddings });
    const close = async () => {
      await replica.close();
      rmSync(root, { recursive: true, force: true });
    };
    const recall = async (q: string, limit: number): Promise<SearchAnswer> => {
      for (;;) {
        const answer = await replica.recall({ q, mode, limit });
        if (answer.behind > 0) throw new Error(`the index lacks ${answer.behind} operations`);
        if (answer.fallback !== undefined) throw new Error(answer.fallback);
        if (answer.unembedded === undefined) return answer;
      }
    };
    try {
      const named = new Map<string, string>();
      for (const { id, text, tags } of memories) {
        const memory = await replica.memory.remember({ text, ...(tags ? { tags } : {}) });
        named.set(memory.id, id);
      }
      return {
        async rank(question, count) {
          const { results } = await recall(question, count);
          return results.map(({ id }) => named.get(id) ?? id);
        },
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
});

export const entrants: readonly Entrant[] = [
  like,
  minisearch,
  coterie('Coterie, text', 'text'),
  coterie('Coterie, semantic', 'semantic'),
  coterie('Coterie, hybrid', 'hybrid'),
];
