import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { CoterieError } from '../../schemas/index.ts';
import { type OperationRow, under } from '../../src/replica/commit/rows.ts';
import { openReplica } from '../../src/replica/open.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { openStorage } from '../../src/storage/open.ts';
import type { Store } from '../../src/storage/port.ts';
import { chained, memory, rowsUnder } from './support/memory.ts';
import { allOf, healthy, home, open, refused } from './support/open.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Posts one message a millisecond, whatever becomes of those before, and keeps what each of them ended as. */
function ticking(kai: Replica) {
  const stored: string[] = [];
  const lost: string[] = [];
  const codes = new Set<string>();
  let underway: Promise<unknown>[] = [];
  const post = (text: string): void => {
    underway.push(
      kai.messages.post('general', { text }).then(
        () => stored.push(text),
        (error: unknown) => {
          lost.push(text);
          codes.add(error instanceof CoterieError ? error.code : String(error));
        },
      ),
    );
  };
  return {
    stored,
    lost,
    codes,
    post,
    async round(name: string, count: number, at: (i: number) => void) {
      for (let i = 0; i < count; i++) {
        post(`${name} ${i}`);
        await pause(1);
        at(i);
      }
    },
    async settled() {
      await Promise.all(underway);
      underway = [];
    },
  };
}

/** What was acknowledged is there, once and in order of its chain, and nothing that was refused. */
async function holds(kai: Replica, store: Store, stored: readonly string[]): Promise<void> {
  const texts = (await allOf((page) => kai.messages.list('general', page))).map(({ text }) => text);
  expect([...texts].sort()).toEqual([...stored].sort());
  await chained(store);
  await healthy(kai);
}

it('STO-4 REP-22 nothing posted while a full disk is looked at builds on what it refused', async () => {
  const at = home();
  let full = false;
  let now = 0;
  // The room on the disk is looked at before every commit.
  const storage = await openStorage({
    directory: at.directory,
    reserve: 1,
    free: () => (full ? 0 : 1e12),
    monotonic: () => {
      now += 1e6;
      return now;
    },
  });
  const kai = await openReplica({ directory: at.directory, config: at.config, as: 'kai' }, { storage });
  const clock = ticking(kai);
  for (let k = 0; k < 6; k++) {
    await clock.round(`full ${k}`, 40, (i) => {
      full = i >= 4 && i < 8;
    });
    await clock.settled();
  }
  expect(clock.lost.length).toBeGreaterThan(0);
  for (const code of clock.codes) expect(['disk_full', 'storage_failed']).toContain(code);
  await holds(kai, storage.store, clock.stored);
  await kai.close();
  const again = await openStorage({ directory: at.directory });
  await holds(await open(at, {}, { storage: again }), again.store, clock.stored);
});

it('STO-4 REP-22 writes on a clock of their own go on over failing commits and slow reads, without a gap', async () => {
  const disk = memory({ delay: () => pause(3) });
  const { store } = disk;
  const list = store.list;
  store.list = async (range) => {
    const rows = await list(range);
    // What is read anew after a failure takes its time.
    if (range.gte === 'tail/' || range.gte.startsWith('v/chain/members')) await pause(6);
    return rows;
  };
  const kai = await disk.open();
  const clock = ticking(kai);
  for (let k = 0; k < 10; k++) {
    await clock.round(`failing ${k}`, 25, (i) => {
      if (i === 3) store.faults.failNext('before');
    });
    await clock.settled();
  }
  expect(clock.lost.length).toBeGreaterThan(0);
  expect([...clock.codes]).toEqual(['storage_failed']);
  await holds(kai, store, clock.stored);
  await holds(await disk.open(), store, clock.stored);
});

it('STO-4 a write that comes while the disk is read waits for what is there', async () => {
  const disk = memory();
  const { store } = disk;
  const kai = await disk.open();
  const clock = ticking(kai);
  clock.post('first');
  await clock.settled();
  const list = store.list;
  let during = 0;
  let reading = false;
  store.list = async (range) => {
    const rows = await list(range);
    if (reading && during < 8 && (range.gte === 'tail/' || range.gte.startsWith('v/chain/members'))) {
      // Comes after these rows were read, and before they are taken over.
      clock.post(`during ${during++}`);
      await pause(5);
    }
    return rows;
  };
  reading = true;
  store.faults.failNext('before');
  clock.post('refused');
  while (during === 0) await pause(1);
  await clock.settled();
  reading = false;
  clock.post('last');
  await clock.settled();
  expect(clock.lost).toEqual(['refused']);
  await holds(kai, store, clock.stored);
  await holds(await disk.open(), store, clock.stored);
});

it('STO-4 after a refused write documents are read anew and written under fresh client ids', async () => {
  const disk = memory();
  const { store } = disk;
  const kai = await disk.open();
  const { id } = await kai.messages.post('general', { text: 'first' });
  /** Who wrote the records of the channel, oldest first. */
  const clients = async () => {
    const found = new Set<number>();
    for (const [key, update] of await store.list(under('rec/')))
      if (key.includes('channel.')) for (const { id } of Y.decodeUpdate(update).structs) found.add(id.client);
    return [...found];
  };
  const before = await clients();
  await kai.messages.post('general', { text: 'second' });
  expect(await clients()).toEqual(before);
  const reads: string[] = [];
  const { list } = store;
  store.list = (range) => {
    reads.push(range.gte);
    return list(range);
  };
  store.faults.failNext('before');
  await refused(kai.messages.post('general', { text: 'refused' }), 'storage_failed');
  await kai.messages.post('general', { text: 'third' });
  await kai.messages.edit(id, { text: 'edited' });
  // The refused operation had a clock of its client: another operation under it would be taken for known.
  expect(await clients()).toHaveLength(2);
  await kai.status();
  expect(reads.some((from) => from.startsWith('rec/log/channel.'))).toBe(true);
  await healthy(kai);
  await holds(await disk.open(), store, ['edited', 'second', 'third']);
});

it.each([
  ['a read fails after it', 'read'],
  ['the disk refuses it', 'commit'],
] as const)(
  'REP-22 a member whose first write ends because %s is nobody, before and after opening again',
  async (_, how) => {
    const disk = memory();
    const { store } = disk;
    const kai = await disk.open();
    await kai.messages.post('general', { text: 'a' });
    const handles = async (replica: Replica) =>
      (await replica.members.list()).items.map(({ handle }) => handle);
    const getSync = store.getSync;
    let armed = how === 'read';
    store.getSync = (key) => {
      if (!armed || !key.startsWith('segment/marks.')) return getSync(key);
      armed = false;
      throw new Error('the test fails this read');
    };
    if (how === 'commit') store.faults.failNext('before');
    await expect(kai.as('zoe').messages.post('general', { text: 'no' })).rejects.toThrow();
    expect(await handles(kai)).toEqual(['kai']);
    const again = await disk.open();
    expect(await handles(again)).toEqual(['kai']);
    const posted = await again.as('zoe').messages.post('general', { text: 'yes' });
    expect(posted.author.handle).toBe('zoe');
    expect(await handles(again)).toEqual(['kai', 'zoe']);
    const last = await disk.open();
    expect(await handles(last)).toEqual(['kai', 'zoe']);
    expect((await last.messages.get(posted.id)).author.handle).toBe('zoe');
    expect(
      (await rowsUnder<OperationRow>(store, 'op/')).filter(
        ([, { header }]) => header.type === 'member.create',
      ),
    ).toHaveLength(2);
    await chained(store);
    await healthy(last);
  },
);

it('REP-22 a member whose first write ended goes on in the same opening', async () => {
  const disk = memory();
  const { store } = disk;
  const kai = await disk.open();
  await kai.messages.post('general', { text: 'a' });
  const getSync = store.getSync;
  let armed = true;
  store.getSync = (key) => {
    if (!armed || !key.startsWith('segment/marks.')) return getSync(key);
    armed = false;
    throw new Error('the test fails this read');
  };
  const zoe = kai.as('zoe');
  await expect(zoe.messages.post('general', { text: 'no' })).rejects.toThrow();
  const posted = await zoe.messages.post('general', { text: 'yes' });
  const again = await disk.open();
  expect((await again.members.list()).items.map(({ handle }) => handle)).toEqual(['kai', 'zoe']);
  expect((await again.messages.get(posted.id)).author.handle).toBe('zoe');
  await chained(store);
  await healthy(again);
});
