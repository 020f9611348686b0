import { expect, it } from 'vitest';
import { openReplica } from '../../src/replica/open.ts';
import { openStorage, type Storage } from '../../src/storage/open.ts';
import { StorageError } from '../../src/storage/port.ts';
import { healthy, home, open, refused } from './support/open.ts';

/** Storage whose next commits are refused, in the store itself or after their bytes landed; reopening may fail too. */
async function failing(directory: string) {
  const storage = await openStorage({ directory, durability: 'os' });
  const { store } = storage;
  let refuse: 'disk_full' | 'lost' | 'landed' | undefined;
  let broken = false;
  let reopenFails = 0;
  const failed = (code: 'disk_full' | 'storage_failed') => {
    broken = true;
    return new StorageError(code, 'the test refuses this commit');
  };
  const wrapped: Storage['store'] = Object.create(store, {
    failed: { get: () => broken || store.failed },
    lastCommit: { get: () => (landed ? before : store.lastCommit) },
    commit: {
      value: async (writes: Parameters<typeof store.commit>[0]) => {
        if (broken) throw new StorageError('storage_failed', 'the store failed before');
        if (refuse === 'disk_full') throw failed('disk_full');
        if (refuse === 'lost') throw failed('storage_failed');
        if (refuse === 'landed') {
          before = store.lastCommit;
          landed = true;
          await store.commit(writes);
          throw failed('storage_failed');
        }
        return store.commit(writes);
      },
    },
    reopen: {
      value: async () => {
        if (reopenFails > 0) {
          reopenFails--;
          throw new StorageError('storage_failed', 'the test can not be opened');
        }
        broken = false;
        landed = false;
        return store.reopen();
      },
    },
  });
  let landed = false;
  let before = 0;
  return {
    storage: { ...storage, store: wrapped },
    refuse: (kind: typeof refuse, reopens = 0) => {
      refuse = kind;
      reopenFails = reopens;
    },
  };
}

it('REP-22 a full disk refuses, loses nothing, and the same replica goes on after space is freed', async () => {
  const at = home();
  await (await open(at)).close();
  const disk = await failing(at.directory);
  const kai = await openReplica(
    { directory: at.directory, config: at.config, as: 'kai' },
    { storage: disk.storage },
  );
  const first = await kai.messages.post('general', { text: 'first' });
  disk.refuse('disk_full');
  const tries = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => kai.messages.post('general', { text: `full ${i}` })),
  );
  expect(tries.every(({ status }) => status === 'rejected')).toBe(true);
  await refused(kai.messages.edit(first.id, { text: 'no' }), 'disk_full');
  await refused(kai.as('rin').messages.post('general', { text: 'no' }), 'disk_full');
  expect((await kai.messages.get(first.id)).text).toBe('first');
  disk.refuse(undefined);
  await kai.as('rin').messages.post('general', { text: 'second' });
  expect((await kai.members.list()).items.map(({ handle }) => handle)).toEqual(['kai', 'rin']);
  await kai.close();
  const again = await open(at);
  expect((await again.messages.list('general', { order: 'oldest' })).items.map(({ text }) => text)).toEqual([
    'first',
    'second',
  ]);
  await healthy(again);
});

it('STO-3 a refused batch that is on disk after all is acknowledged, and only that one', async () => {
  const at = home();
  await (await open(at)).close();
  const disk = await failing(at.directory);
  const kai = await openReplica(
    { directory: at.directory, config: at.config, as: 'kai' },
    { storage: disk.storage },
  );
  await kai.messages.post('general', { text: 'first' });
  disk.refuse('landed');
  const landed = await kai.messages.post('general', { text: 'landed' });
  expect(landed.text).toBe('landed');
  // It can not be looked at for a while: nobody knows, and what is tried next is not taken for it.
  disk.refuse('landed', 1);
  const error = await refused(kai.messages.post('general', { text: 'unknown' }), 'storage_failed');
  expect(error.message).toMatch(/not known/);
  disk.refuse(undefined);
  const later = await kai.messages.post('general', { text: 'later' });
  const texts = async (replica: typeof kai) =>
    (await replica.messages.list('general', { order: 'oldest' })).items.map(({ text }) => text);
  expect(await texts(kai)).toEqual(['first', 'landed', 'unknown', 'later']);
  await kai.close();
  const again = await open(at);
  expect(await texts(again)).toEqual(['first', 'landed', 'unknown', 'later']);
  expect((await again.messages.get(later.id)).text).toBe('later');
  await healthy(again);
});
