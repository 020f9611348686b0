import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type BrowserStorage,
  isBrowserStorageKept,
  openBrowserStorage,
  removeBrowserStorage,
} from '../../../../src/storage/indexeddb/index.ts';
import type { Write } from '../../../../src/storage/port.ts';
import { stateOf } from '../../../contracts/documents.ts';
import { bytes, randomFrom, runSeed, text } from '../../../support/storage.ts';
import { abortNext, raw, recordsOf, replaceRecord } from './raw.ts';

const everything = { gte: '', lt: '\u{10ffff}' };
const put = (key: string, value: string): Write => [key, bytes(value)];

async function opened(name: string): Promise<BrowserStorage> {
  const storage = await openBrowserStorage(name, { patience: 5000 });
  onTestFinished(() => storage.close());
  return storage;
}

async function shown({ store }: BrowserStorage): Promise<[string, string | undefined][]> {
  return (await store.list(everything)).map(([key, value]) => [key, text(value)]);
}

/** Rows from `a` on, packed into the base. */
async function packed(name: string, count = 40): Promise<BrowserStorage> {
  const storage = await opened(name);
  await storage.store.commit(
    Array.from({ length: count }, (_, at) => put(`k${at.toString().padStart(6, '0')}`, `value ${at}`)),
  );
  await storage.store.compact(everything);
  return storage;
}

/** What browsers do to a replica that disks do not. */
export function ownCases(fresh: () => string): void {
  describe('what is stored in IndexedDB', () => {
    it('agrees with a map over packs and merges, and opens as it was', async () => {
      const name = fresh();
      const seed = runSeed();
      const random = randomFrom(seed);
      const model = new Map<string, string>();
      let storage = await opened(name);
      let sums: (number | undefined)[] = [];
      for (let round = 0; round < 30; round += 1) {
        const batch = Array.from({ length: 300 }, (): Write => {
          const key = `${'kä'[random(2)]}${random(8000)}`;
          const value = `${round} `.repeat(1 + random(200));
          if (random(4) === 0) model.delete(key);
          else model.set(key, value);
          return [key, model.has(key) ? bytes(value) : undefined];
        });
        await storage.store.commit(batch);
        if (round === 12 || round === 29) await storage.store.compact(everything);
        if (round === 24) await Promise.all(Array.from({ length: 600 }, () => storage.store.commit([])));
        if (round % 8 !== 7) continue;
        const { lastCommit } = storage.store;
        sums = await Promise.all([1, lastCommit].map((commit) => storage.store.checksumOf(commit)));
        await storage.close();
        storage = await opened(name);
        expect(storage.store.lastCommit).toBe(lastCommit);
        expect(await Promise.all([1, lastCommit].map((commit) => storage.store.checksumOf(commit)))).toEqual(
          sums,
        );
      }
      const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(await shown(storage), `seed ${seed}`).toEqual(expected);
      for (const [key, value] of expected.slice(0, 200)) expect(text(storage.store.getSync(key))).toBe(value);
      expect((await storage.scrub()).journal).toMatchObject({ problems: [] });
      expect((await recordsOf(name, 'packs')).size).toBe(0);
      await storage.close();
      expect(await shown(await opened(name)), `seed ${seed}`).toEqual(expected);
    });

    it('packs the log by itself, and merges its packs', async () => {
      const name = fresh();
      const { store, close } = await opened(name);
      const value = new Uint8Array(64 * 1024);
      for (let at = 0; at < 120; at += 1) await store.commit([[`k${at % 100}`, value.fill(at).slice()]]);
      // What is under way when the last commit is.
      await close();
      expect((await recordsOf(name, 'log')).size).toBeLessThan(60);
      expect((await recordsOf(name, 'base')).size).toBeGreaterThan(1);
      const again = await opened(name);
      expect(
        (await again.store.list(everything)).map(([key, { length, [0]: byte }]) => [key, length, byte]),
      ).toEqual(
        Array.from({ length: 100 }, (_, at) => [`k${at}`, value.length, at < 20 ? at + 100 : at]).sort(
          ([a], [b]) => (String(a) < String(b) ? -1 : 1),
        ),
      );
    });

    it('leaves nothing of what was replaced or deleted once it is compacted', async () => {
      const name = fresh();
      const { store } = await packed(name);
      await store.commit([put('k000003', 'a secret'), put('k000004', 'a secret')]);
      await store.commit([put('k000003', 'nothing'), ['k000004', undefined]]);
      await store.compact({ gte: 'k000003', lt: 'k000005' });
      const sheets = await Promise.all(['log', 'packs', 'base'].map((of) => recordsOf(name, of)));
      expect(sheets.map(({ size }) => size)).toEqual([0, 0, 1]);
      const stored = text(sheets[2]?.values().next().value as Uint8Array);
      expect([stored?.includes('nothing'), stored?.includes('secret')]).toEqual([true, false]);
    });

    it.each(['log', 'packs', 'base'])(
      'is old or new and whole when a transaction on %s is cut off',
      async (of) => {
        const name = fresh();
        const storage = await packed(name);
        const { store } = storage;
        const before = await shown(storage);
        const batch = [put('a', '1'), put('k000001', 'other'), ['k000002', undefined] as const];
        const restore = abortNext(of);
        onTestFinished(restore);
        const refused =
          of === 'log' ? store.commit(batch) : store.commit(batch).then(() => store.compact(everything));
        await expect(refused).rejects.toMatchObject({ code: 'storage_failed' });
        expect(store.failed).toBe(true);
        await expect(store.commit([put('b', '1')])).rejects.toMatchObject({ code: 'storage_failed' });
        const after = of === 'log' ? before : [['a', '1'], ...before.filter(([key]) => key !== 'k000002')];
        const values = after.map(([key, value]) => [
          key,
          of !== 'log' && key === 'k000001' ? 'other' : value,
        ]);
        expect(await store.reopen()).toBe(of === 'log' ? 1 : 2);
        expect(await shown(storage)).toEqual(values);
        expect(await store.commit([put('b', '1')])).toBe(of === 'log' ? 2 : 3);
        await storage.close();
        expect((await shown(await opened(name))).filter(([key]) => key !== 'b')).toEqual(values);
      },
    );

    it('is loud about what is damaged or missing', async () => {
      const name = fresh();
      const storage = await packed(name);
      await storage.store.commit([put('z', '1')]);
      await storage.documents.write('a', stateOf(3));
      await storage.close();
      const corrupt = { code: 'storage_corrupt' };
      const opening = (): Promise<BrowserStorage> => openBrowserStorage(name);
      const [[key, sheet]] = (await recordsOf(name, 'base')) as unknown as [[number, Uint8Array]];
      const turned = (at: number): Uint8Array => sheet.map((byte, of) => (of === at ? byte ^ 0x20 : byte));
      // A row, which is found when it is read.
      await replaceRecord(name, 'base', key, turned(sheet.length - 1));
      const damaged = await opening();
      expect(() => damaged.store.getSync('k000039')).toThrow(expect.objectContaining(corrupt));
      expect(text(damaged.store.getSync('k000038'))).toBe('value 38');
      await expect(damaged.store.list(everything)).rejects.toMatchObject(corrupt);
      expect((await damaged.scrub()).journal.problems).toHaveLength(1);
      await damaged.close();
      // Keys, among which it would not be found; a sheet; a commit.
      await replaceRecord(name, 'base', key, turned(500));
      await expect(opening()).rejects.toMatchObject(corrupt);
      await replaceRecord(name, 'base', key, undefined);
      await expect(opening()).rejects.toMatchObject(corrupt);
      await replaceRecord(name, 'base', key, sheet);
      const [[commit, record]] = (await recordsOf(name, 'log')) as unknown as [[number, unknown]];
      await replaceRecord(name, 'log', commit, undefined);
      await replaceRecord(name, 'log', commit + 1, record);
      await expect(opening()).rejects.toMatchObject(corrupt);
      await replaceRecord(name, 'log', commit + 1, undefined);
      await replaceRecord(name, 'documents', 'a', stateOf(4));
      const { documents } = await opened(name);
      await expect(documents.read('a')).rejects.toMatchObject(corrupt);
      expect((await documents.scrub()).problems).toHaveLength(1);
      await documents.write('a', stateOf(4));
      expect(await documents.read('a')).toEqual(stateOf(4));
    });

    it('has one owner at a time, and says so when it is taken over', async () => {
      const name = fresh();
      const first = await packed(name);
      await expect(openBrowserStorage(name, { patience: 20 })).rejects.toMatchObject({
        code: 'directory_locked',
      });
      await expect(removeBrowserStorage(name, { patience: 20 })).rejects.toMatchObject({
        code: 'directory_locked',
      });
      const second = opened(name);
      await first.close();
      expect((await second).store.lastCommit).toBe(1);
      await navigator.locks.request(name, { steal: true }, async () => {
        while (!(await second).store.failed) await new Promise((resolve) => setTimeout(resolve, 10));
        await expect((await second).store.commit([put('a', '1')])).rejects.toThrow(/took over/);
      });
    });

    it('does not make anew what another page deleted, and says that it is gone', async () => {
      const name = fresh();
      const { store, documents } = await packed(name);
      await raw(name, () => undefined);
      await new Promise((resolve, reject) => {
        const deleting = indexedDB.deleteDatabase(name);
        deleting.onsuccess = resolve;
        deleting.onerror = reject;
      });
      await expect(store.commit([put('a', '1')])).rejects.toMatchObject({
        code: 'storage_failed',
        message: expect.stringMatching(/Another page/),
      });
      expect(store.failed).toBe(true);
      for (let time = 0; time < 2; time += 1) {
        await expect(store.reopen()).rejects.toMatchObject({
          code: 'storage_corrupt',
          message: expect.stringMatching(/cleared/),
        });
      }
      await expect(documents.read('a')).rejects.toMatchObject({ code: 'storage_corrupt' });
      // What was committed before can still be read, to be saved elsewhere.
      expect(text(store.getSync('k000001'))).toBe('value 1');
      expect(await isBrowserStorageKept(name)).toBe(false);
    });

    it('leaves alone what a newer version of the page has written', async () => {
      const name = fresh();
      await (await packed(name)).close();
      await raw(name, () => undefined, 2);
      await expect(openBrowserStorage(name)).rejects.toMatchObject({ code: 'directory_newer' });
      await removeBrowserStorage(name);
      expect((await opened(name)).info.isNew).toBe(true);
    });

    it('says that the browser stores nothing where it does not', async () => {
      await expect(openBrowserStorage(fresh(), { locks: null as never })).rejects.toMatchObject({
        code: 'directory_unreadable',
      });
    });
  });
}
