import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { nodeCrypto } from '../../src/keys/node.ts';
import { segmentDigest } from '../../src/log/index.ts';
import { parseDocumentName } from '../../src/log/name.ts';
import { encodeRow, keys } from '../../src/replica/commit/rows.ts';
import { type MemoryStorage, memoryStorage } from '../support/memory-storage.ts';
import { scratch } from '../support/scratch.ts';
import { type Peer, peer } from './sync/support.ts';

/** A replica on stores in memory, and the document of `general`. */
async function one(): Promise<{ ana: Peer; storage: MemoryStorage; document: string }> {
  const root = scratch();
  const storage = memoryStorage(join(root, 'ana'));
  const ana = await peer('ana', root, { storage });
  const { id } = await ana.replica.channels.get('general');
  await ana.replica.messages.post('general', { text: 'first' });
  await ana.replica.messages.post('general', { text: 'second' });
  return { ana, storage, document: `log/channel.${id}/1` };
}

/** What the inventory says of a document, and what stands in it. */
async function both({ source }: Peer, document: string): Promise<[said: string, held: string]> {
  const name = parseDocumentName(document);
  const segments = await source.segments(name?.log ?? '');
  const said = segments.find(({ n }) => n === name?.segment)?.digest ?? '';
  return [said, segmentDigest(nodeCrypto, await source.keys(document))];
}

async function agree(peer: Peer, document: string): Promise<void> {
  const [said, held] = await both(peer, document);
  expect(said).toBe(held);
}

/** Keeps the next call that `isIt` back from when it is made until it is released. */
function gate<Args extends unknown[], R>(
  call: (...args: Args) => Promise<R>,
  isIt: (...args: Args) => boolean,
): { call: (...args: Args) => Promise<R>; reached: Promise<void>; release: () => void } {
  let reach = (): void => undefined;
  let release = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  // Else a test that failed could not close its replica.
  onTestFinished(() => release());
  let open = false;
  return {
    async call(...args) {
      if (open || !isIt(...args)) return call(...args);
      open = true;
      reach();
      await released;
      return call(...args);
    },
    reached,
    release,
  };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

describe('STO-16 a checkpoint', () => {
  it('that a compaction made meanwhile is not missed', async () => {
    const { ana, storage } = await one();
    const { documents } = storage;
    const gated = gate(documents.merge, () => true);
    documents.merge = gated.call;
    const compacting = ana.replica.compact();
    await gated.reached;
    // Its segment is closed, so it is due in the background as well.
    const large = 'x'.repeat(60_000);
    for (let at = 0; at < 10; at++) await ana.replica.messages.post('general', { text: large });
    gated.release();
    await compacting;
    await ana.replica.compact();
    const { findings } = await ana.replica.doctor();
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
  });
});

describe('STO-17 the digest of a document is that of what it holds', () => {
  it('while a checkpoint of it is on its way to the disk', async () => {
    const { ana, storage, document } = await one();
    await ana.replica.compact();
    await ana.replica.messages.post('general', { text: 'third' });
    const { store } = storage;
    const gated = gate(store.commit, (writes) => writes.some(([key]) => key === keys.checkpoint(document)));
    store.commit = gated.call;
    const compacting = ana.replica.compact();
    await gated.reached;
    await agree(ana, document);
    gated.release();
    await compacting;
    await agree(ana, document);
  });

  it('while what memory has of it is read anew after a refused write', async () => {
    const { ana, storage, document } = await one();
    await ana.replica.compact();
    await ana.replica.messages.post('general', { text: 'third' });
    const { store } = storage;
    const gated = gate(store.list, ({ gte }) => gte === 'tail/');
    store.list = gated.call;
    storage.store.faults.failNext('before');
    const refused = ana.replica.messages.post('general', { text: 'refused' });
    await gated.reached;
    await agree(ana, document);
    gated.release();
    await expect(refused).rejects.toMatchObject({ code: 'storage_failed' });
    await agree(ana, document);
  });

  it('also when it is made anew while a checkpoint of it is being made', async () => {
    const { ana, storage, document } = await one();
    const { documents } = storage;
    const merge = documents.merge;
    let merged = (): void => undefined;
    let release = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      merged = resolve;
    });
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    onTestFinished(() => release());
    documents.merge = async (name, updates) => {
      const standing = await merge(name, updates);
      if (name !== document) return standing;
      merged();
      await released;
      return standing;
    };
    const compacting = ana.replica.compact();
    await done;
    await ana.replica.messages.post('general', { text: 'third' });
    const splitting = ana.source.markSplit(document);
    // Time enough to overtake the checkpoint.
    await turns();
    release();
    await Promise.all([compacting, splitting]);
    await agree(ana, document);
    await ana.reopen();
    await agree(ana, document);
    expect((await ana.source.keys(document)).length).toBe(3);
  });

  it('also when others write to it, and take texts out of it, while it is made anew', async () => {
    const { ana, document } = await one();
    const { messages } = ana.replica;
    const { id } = await messages.post('general', { text: 'to be removed' });
    await Promise.all([
      messages.post('general', { text: 'before' }),
      ana.source.markSplit(document),
      messages.redact(id),
      messages.post('general', { text: 'after' }),
      ana.replica.compact(),
    ]);
    await agree(ana, document);
    await ana.replica.compact();
    await agree(ana, document);
    await ana.reopen();
    await agree(ana, document);
    expect((await ana.replica.messages.get(id)).text).toBe(null);
    const { findings } = await ana.replica.doctor();
    expect(findings.filter(({ state }) => state === 'damaged' || state === 'repaired')).toEqual([]);
  });

  it('also when it was made anew and the disk refused to say so', async () => {
    const { ana, storage, document } = await one();
    await ana.replica.compact();
    await ana.replica.compact();
    // An entry is gone from the stored document, and the next checkpoint builds on that.
    await ana.replica.close();
    const doc = new Y.Doc();
    Y.applyUpdate(doc, (await storage.documents.read(document)) ?? new Uint8Array());
    const ops = doc.getMap<unknown>('ops');
    const [key = ''] = ops.keys();
    const poorer = new Y.Doc();
    for (const [other, entry] of ops) if (other !== key) poorer.getMap('ops').set(other, entry);
    await storage.documents.write(document, Y.encodeStateAsUpdate(poorer));
    await ana.reopen();
    await ana.replica.messages.post('general', { text: 'third' });
    await ana.replica.compact();
    expect((await ana.source.keys(document)).length).toBe(2);
    const { store } = storage;
    const { commit } = store;
    store.commit = (writes) => {
      if (writes.some(([name]) => name === keys.split(document))) storage.store.faults.failNext('before');
      return commit(writes);
    };
    await expect(ana.source.markSplit(document)).rejects.toMatchObject({ code: 'storage_failed' });
    await agree(ana, document);
    await ana.reopen();
    expect((await ana.source.keys(document)).length).toBe(3);
    await agree(ana, document);
  });

  it('or the doctor says so, and makes it so', async () => {
    const { ana, storage, document } = await one();
    await ana.replica.compact();
    await ana.replica.close();
    const wrong = segmentDigest(nodeCrypto, []);
    await storage.store.commit([[keys.checkpoint(document), encodeRow({ through: 99, digest: wrong })]]);
    await ana.reopen();
    expect((await both(ana, document))[0]).toBe(wrong);
    const { findings } = await ana.replica.doctor();
    expect(findings.filter(({ state }) => state === 'repaired')).toMatchObject([
      { what: `document ${document}` },
    ]);
    await agree(ana, document);
    await ana.reopen();
    await agree(ana, document);
    expect((await ana.replica.doctor()).findings.filter(({ state }) => state !== 'ok')).toEqual([]);
  });
});
