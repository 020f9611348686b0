import { describe, expect, it, onTestFinished } from 'vitest';
import type { Row, Store, Write } from '../../src/storage/port.ts';
import { batchChecksum } from '../../src/storage/store/frame.ts';
import { bytes, randomFrom, runSeed, text } from '../support/storage.ts';

/** How the suite reaches an adapter. */
export interface StoreUnderTest {
  /** A store on the same data as the last one that was opened, which is closed by then. */
  open(): Promise<Store>;
}

const put = (key: string, value: string): Write => [key, bytes(value)];
const everything = { gte: '', lt: '\u{10ffff}' };

function plain(rows: readonly Row[]): [string, string | undefined][] {
  return rows.map(([key, value]) => [key, text(value)]);
}

async function collect(rows: AsyncIterable<Row>): Promise<Row[]> {
  const all: Row[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** Every promise of the storage port, for any adapter. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  const fresh = async (): Promise<{ store: Store; again: () => Promise<Store> }> => {
    const under = await make();
    let store = await under.open();
    onTestFinished(() => store.close());
    const again = async (): Promise<Store> => {
      await store.close();
      store = await under.open();
      return store;
    };
    return { store, again };
  };

  describe(`storage port: ${name}`, () => {
    it('begins empty at commit 0', async () => {
      const { store } = await fresh();
      expect(store.lastCommit).toBe(0);
      expect(store.failed).toBe(false);
      expect(await store.list(everything)).toEqual([]);
      expect(store.getSync('a')).toBeUndefined();
      expect(await store.get('a')).toBeUndefined();
      expect(await store.getConfirmed('a')).toBeUndefined();
      expect(await store.checksumOf(1)).toBeUndefined();
    });

    it('numbers commits from 1 without a hole, in call order', async () => {
      const { store } = await fresh();
      const numbers = await Promise.all(
        Array.from({ length: 50 }, (_, at) => store.commit([put('same', `${at}`)])),
      );
      expect(numbers).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
      expect(store.lastCommit).toBe(50);
      expect(text(store.getSync('same'))).toBe('49');
    });

    it('reads rows back byte for byte, by every way of reading', async () => {
      const { store } = await fresh();
      const value = Uint8Array.from({ length: 256 }, (_, at) => at);
      await store.commit([
        ['bytes', value],
        ['empty', new Uint8Array()],
      ]);
      expect(store.getSync('bytes')).toEqual(value);
      expect(await store.get('bytes')).toEqual(value);
      expect(await store.getConfirmed('bytes')).toEqual(value);
      expect(await store.getMany(['empty', 'absent', 'bytes'])).toEqual([new Uint8Array(), undefined, value]);
      expect(await store.list(everything)).toEqual([
        ['bytes', value],
        ['empty', new Uint8Array()],
      ]);
    });

    it('takes a batch in order: a later write of one key wins, a deletion removes', async () => {
      const { store } = await fresh();
      await store.commit([
        put('a', '1'),
        put('b', '1'),
        ['b', undefined],
        put('a', '2'),
        ['never', undefined],
      ]);
      expect(plain(await store.list(everything))).toEqual([['a', '2']]);
    });

    it('writes a batch without rows as a commit', async () => {
      const { store } = await fresh();
      expect(await store.commit([])).toBe(1);
      expect(store.lastCommit).toBe(1);
    });

    it('orders keys by their UTF-8 bytes', async () => {
      const { store } = await fresh();
      const keys = [
        'z',
        'a',
        'ä',
        'a\u0000b',
        'ab',
        '\u{1f600}',
        '\uffee',
        '\u{10000}',
        '\ud7ff',
        '\ue000',
        '~',
      ];
      await store.commit(keys.map((key) => put(key, key)));
      // Hexadecimal digits order as the bytes do, and run in a browser too.
      const hex = (key: string): string =>
        Array.from(bytes(key), (byte) => byte.toString(16).padStart(2, '0')).join('');
      const expected = [...keys].sort((a, b) => (hex(a) < hex(b) ? -1 : 1));
      const rows = await store.list(everything);
      expect(rows.map(([key]) => key)).toEqual(expected);
      const reversed = await store.list({ ...everything, reverse: true });
      expect(reversed.map(([key]) => key)).toEqual(expected.reverse());
    });

    it('reads half-open ranges, from both ends, up to a limit', async () => {
      const { store } = await fresh();
      await store.commit(['a', 'b', 'c', 'd', 'e'].map((key) => put(key, key)));
      const keys = async (range: Parameters<Store['list']>[0]): Promise<string> => {
        const listed = await store.list(range);
        expect(await collect(store.scan(range))).toEqual(listed);
        return listed.map(([key]) => key).join('');
      };
      expect(await keys({ gte: 'b', lt: 'd' })).toBe('bc');
      expect(await keys({ gte: 'b', lt: 'd', reverse: true })).toBe('cb');
      expect(await keys({ gte: 'a', lt: 'z', limit: 2 })).toBe('ab');
      expect(await keys({ gte: 'a', lt: 'z', limit: 2, reverse: true })).toBe('ed');
      expect(await keys({ gte: 'a', lt: 'z', limit: 0 })).toBe('');
      expect(await keys({ gte: 'd', lt: 'b' })).toBe('');
    });

    it('scans a snapshot while commits go on', async () => {
      const { store } = await fresh();
      await store.commit(
        Array.from({ length: 3000 }, (_, at) => put(`k${at.toString().padStart(5, '0')}`, 'old')),
      );
      const seen: string[] = [];
      for await (const [key, value] of store.scan(everything)) {
        if (seen.length === 0)
          await store.commit([put('k02999', 'new'), ['k01500', undefined], put('zzz', 'new')]);
        expect(text(value)).toBe('old');
        seen.push(key);
      }
      expect(seen).toHaveLength(3000);
    });

    it('lets a reader leave a scan early', async () => {
      const { store } = await fresh();
      await store.commit(Array.from({ length: 10 }, (_, at) => put(`k${at}`, 'x')));
      for await (const [key] of store.scan(everything)) {
        if (key === 'k3') break;
      }
      expect(await store.commit([put('after', 'x')])).toBe(2);
    });

    it('keeps everything across closing and opening', async () => {
      const { store, again } = await fresh();
      for (let at = 0; at < 20; at += 1) await store.commit([put(`k${at}`, `${at}`), put('last', `${at}`)]);
      const before = await store.list(everything);
      const reopened = await again();
      expect(reopened.lastCommit).toBe(20);
      expect(await reopened.list(everything)).toEqual(before);
      expect(await reopened.commit([put('more', 'x')])).toBe(21);
    });

    it('gives the checksum of recent commits, also after opening again', async () => {
      const { store, again } = await fresh();
      const batch = [put('a', '1'), ['b', undefined] as const];
      await store.commit(batch);
      await store.commit([put('c', '1')]);
      expect(await store.checksumOf(1)).toBe(batchChecksum(batch));
      expect(await store.checksumOf(2)).not.toBe(await store.checksumOf(1));
      expect(await store.checksumOf(3)).toBeUndefined();
      expect(await (await again()).checksumOf(1)).toBe(batchChecksum(batch));
    });

    it('refuses keys that it keeps for itself or cannot tell apart, and stays usable', async () => {
      const { store } = await fresh();
      for (const key of ['', '\u0000x', 'a\ud800']) {
        await expect(store.commit([put('fine', 'x'), put(key, 'x')])).rejects.toThrow(TypeError);
      }
      expect(store.failed).toBe(false);
      expect(await store.commit([put('fine', 'x')])).toBe(1);
    });

    it('compacts a range without changing it', async () => {
      const { store } = await fresh();
      for (let at = 0; at < 5; at += 1)
        await store.commit([put('r/a', `${at}`), put('r/b', `${at}`), put('s', `${at}`)]);
      await store.commit([['r/b', undefined]]);
      const before = await store.list(everything);
      await store.compact({ gte: 'r/', lt: 'r0' });
      expect(await store.list(everything)).toEqual(before);
      expect(store.lastCommit).toBe(6);
      expect(await store.commit([put('r/c', 'x')])).toBe(7);
    });

    it('only resolves when asked to reopen without a failure', async () => {
      const { store } = await fresh();
      await store.commit([put('a', '1')]);
      expect(await store.reopen()).toBe(1);
      expect(text(store.getSync('a'))).toBe('1');
    });

    it('finishes queued commits before it closes, and refuses later ones', async () => {
      const { store, again } = await fresh();
      const queued = Array.from({ length: 10 }, (_, at) => store.commit([put(`k${at}`, 'x')]));
      await store.close();
      expect(await Promise.all(queued)).toHaveLength(10);
      await expect(store.commit([put('late', 'x')])).rejects.toMatchObject({ code: 'storage_failed' });
      expect((await again()).lastCommit).toBe(10);
    });

    it('agrees with a sorted map over random batches', async () => {
      const seed = runSeed();
      const random = randomFrom(seed);
      const { store, again } = await fresh();
      let current = store;
      const model = new Map<string, string>();
      for (let round = 0; round < 120; round += 1) {
        const batch = Array.from({ length: 1 + random(8) }, (): Write => {
          const key = `k${random(60)}`;
          if (random(3) === 0) model.delete(key);
          else model.set(key, `${round}`);
          return [key, model.has(key) ? bytes(`${round}`) : undefined];
        });
        await current.commit(batch);
        if (round % 40 === 39) current = await again();
      }
      const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(plain(await current.list(everything)), `seed ${seed}`).toEqual(expected);
    });
  });
}
