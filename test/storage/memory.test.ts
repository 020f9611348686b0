import { describe, expect, it } from 'vitest';
import { createMemoryDocuments } from '../../src/storage/documents/memory.ts';
import { createMemoryStore } from '../../src/storage/store/memory.ts';
import { stateOf } from '../contracts/documents.ts';
import { bytes, text } from '../support/storage.ts';

const failed = { code: 'storage_failed' };

describe('faults of the store in memory', () => {
  it.each(['before', 'torn'] as const)(
    'refuses a commit %s its bytes landed, which never comes back',
    async (fault) => {
      const store = createMemoryStore();
      await store.commit([['a', bytes('1')]]);
      store.faults.failNext(fault);
      const refused = store.commit([['a', bytes('2')]]);
      await expect(refused).rejects.toMatchObject(failed);
      expect(store.failed).toBe(true);
      await expect(store.commit([['b', bytes('1')]])).rejects.toMatchObject(failed);
      expect(text(store.getSync('a'))).toBe('1');
      expect(await store.reopen()).toBe(1);
      expect(await store.commit([['b', bytes('2')]])).toBe(2);
      expect(text(store.getSync('a'))).toBe('1');
    },
  );

  it('refuses a commit after its bytes landed, which reopening shows', async () => {
    const store = createMemoryStore();
    store.faults.failNext('after');
    await expect(store.commit([['a', bytes('1')]])).rejects.toMatchObject(failed);
    expect(store.getSync('a')).toBeUndefined();
    expect(store.lastCommit).toBe(0);
    expect(await store.reopen()).toBe(1);
    expect(text(store.getSync('a'))).toBe('1');
  });

  it('refuses what is queued behind a refused commit', async () => {
    const store = createMemoryStore();
    const release = store.faults.hold();
    store.faults.failNext('before');
    const first = store.commit([['a', bytes('1')]]);
    const second = store.commit([['b', bytes('1')]]);
    release();
    await expect(first).rejects.toMatchObject(failed);
    await expect(second).rejects.toMatchObject(failed);
  });

  it('refuses commits on a full disk and goes on after', async () => {
    const store = createMemoryStore();
    store.faults.diskFull(true);
    await expect(store.commit([['a', bytes('1')]])).rejects.toMatchObject({ code: 'disk_full' });
    store.faults.diskFull(false);
    await store.reopen();
    expect(await store.commit([['a', bytes('1')]])).toBe(1);
  });

  it('loses what was left to the operating system in a power cut, and only there', async () => {
    const store = createMemoryStore({ durability: 'os' });
    await store.commit([['a', bytes('1')]]);
    store.faults.sync();
    await store.commit([['b', bytes('1')]]);
    await store.commit([['c', bytes('1')]]);
    const keys = async (power: boolean, keep = 0): Promise<string[]> => {
      const survivor = store.crash({ power, keep });
      return (await survivor.list({ gte: '', lt: 'z' })).map(([key]) => key);
    };
    expect(await keys(false)).toEqual(['a', 'b', 'c']);
    expect(await keys(true)).toEqual(['a']);
    expect(await keys(true, 1)).toEqual(['a', 'b']);
  });

  it('keeps every acknowledged commit over a power cut, and none that was in flight', async () => {
    const store = createMemoryStore();
    await store.commit([['a', bytes('1')]]);
    store.faults.hold();
    void store.commit([['b', bytes('1')]]);
    const survivor = store.crash({ power: true });
    expect(survivor.lastCommit).toBe(1);
    expect(survivor.getSync('b')).toBeUndefined();
    expect(() => store.getSync('a')).toThrow(/closed/);
  });

  it('is loud about a damaged row, and finds a hidden one by a seek', async () => {
    const store = createMemoryStore();
    await store.commit([
      ['a', bytes('1')],
      ['b', bytes('1')],
    ]);
    store.faults.damage('a');
    store.faults.hide('b');
    expect(() => store.getSync('a')).toThrow(expect.objectContaining({ code: 'storage_corrupt' }));
    await expect(store.list({ gte: '', lt: 'z' })).rejects.toMatchObject({ code: 'storage_corrupt' });
    expect(store.getSync('b')).toBeUndefined();
    expect(text(await store.getConfirmed('b'))).toBe('1');
  });
});

describe('faults of the documents in memory', () => {
  it('refuse a write before or after it landed', async () => {
    const documents = createMemoryDocuments();
    await documents.write('a', stateOf(1));
    documents.faults.failNext('before');
    await expect(documents.write('a', stateOf(2))).rejects.toMatchObject(failed);
    expect(await documents.read('a')).toEqual(stateOf(1));
    documents.faults.failNext('after');
    await expect(documents.write('a', stateOf(2))).rejects.toMatchObject(failed);
    expect(await documents.read('a')).toEqual(stateOf(2));
  });

  it('damage and lose states', async () => {
    const documents = createMemoryDocuments();
    await documents.write('a', stateOf(1));
    await documents.write('b', stateOf(1));
    documents.faults.damage('a');
    documents.faults.lose('b');
    await expect(documents.read('a')).rejects.toMatchObject({ code: 'storage_corrupt' });
    expect(await documents.read('b')).toBeUndefined();
    expect(await documents.crash().names()).toEqual(['a']);
  });
});
