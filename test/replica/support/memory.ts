import { expect, onTestFinished } from 'vitest';
import { decodeRow, type OperationRow, under } from '../../../src/replica/commit/rows.ts';
import type { Environment } from '../../../src/replica/environment.ts';
import { openReplica } from '../../../src/replica/open.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import { createMemoryDocuments, type MemoryDocumentStore } from '../../../src/storage/documents/memory.ts';
import type { Store } from '../../../src/storage/port.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/storage/store/memory.ts';
import { memoryStorage } from '../../support/memory-storage.ts';
import { home } from './open.ts';

/** Stores in memory that fail on command and outlive the replicas opened on them, as a disk does. */
export interface Memory {
  readonly store: MemoryStore;
  readonly documents: MemoryDocumentStore;
  /** Closes the replica that is open here, if one is, and opens another as `kai`. */
  open(environment?: Environment): Promise<Replica>;
  /** The same stores as a crash of the process leaves them. */
  crash(): Memory;
}

export function memory(options: { readonly delay?: () => Promise<void> } = {}): Memory {
  return memoryOn(createMemoryStore(options), createMemoryDocuments(), home());
}

function memoryOn(store: MemoryStore, documents: MemoryDocumentStore, at: ReturnType<typeof home>): Memory {
  const storage = memoryStorage(at.directory, { store, documents });
  let last: Replica | undefined;
  return {
    store,
    documents,
    async open(environment = {}) {
      await last?.close();
      const replica = await openReplica(
        { directory: at.directory, config: at.config, as: 'kai' },
        { storage, ...environment },
      );
      last = replica;
      onTestFinished(() => replica.close());
      return replica;
    },
    crash: () => memoryOn(store.crash(), documents.crash(), at),
  };
}

/** Rows below a prefix, decoded. */
export const rowsUnder = async <T>(store: Store, prefix: string): Promise<[string, T][]> =>
  (await store.list(under(prefix))).map(([key, value]) => [key, decodeRow<T>(value)]);

/** The only key below a prefix that contains `part`. */
export async function keyOf(store: Store, prefix: string, part: string): Promise<string> {
  const found = (await store.list(under(prefix))).map(([key]) => key).filter((key) => key.includes(part));
  expect(found, `${prefix}…${part}`).toHaveLength(1);
  return found[0] ?? '';
}

/** Every replica's chain in every log is numbered from 1 without a gap, and each operation names the one before it. */
export async function chained(store: Store): Promise<void> {
  const chains = new Map<string, { hash: string; seq: number; prev: string }[]>();
  for (const [key, { header }] of await rowsUnder<OperationRow>(store, 'op/')) {
    const name = `${header.log}/${header.replica}`;
    const chain = chains.get(name) ?? [];
    chains.set(name, chain);
    chain.push({ hash: key.slice('op/'.length), seq: header.seq, prev: header.prev });
  }
  const listed = await rowsUnder<{ hash: string }>(store, 'v/chain/');
  for (const [name, chain] of chains) {
    chain.sort((a, b) => a.seq - b.seq);
    expect(
      chain.map(({ seq }) => seq),
      name,
    ).toEqual(chain.map((_, i) => i + 1));
    expect(
      chain.map(({ prev }) => prev),
      name,
    ).toEqual(['', ...chain.slice(0, -1).map(({ hash }) => hash)]);
    expect(
      listed.filter(([key]) => key.startsWith(`v/chain/${name}/`)).map(([, { hash }]) => hash),
      name,
    ).toEqual(chain.map(({ hash }) => hash));
  }
}
