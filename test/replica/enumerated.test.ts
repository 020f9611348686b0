import { expect, it } from 'vitest';
import { createDatabase } from '../../src/replica/commit/database.ts';
import { encodeRow } from '../../src/replica/commit/rows.ts';
import { createMemoryStore } from '../../src/storage/store/memory.ts';

const prefix = 'v/early/';

it('rows of an enumerated prefix are found whenever they come, and those that are not there cost no look', async () => {
  const store = createMemoryStore();
  let looks = 0;
  const database = createDatabase({
    ...store,
    getSync: (key) => {
      looks++;
      return store.getSync(key);
    },
  });
  const write = async (key: string, value: unknown) => {
    await store.commit([[key, value === undefined ? undefined : encodeRow(value)]]);
    database.accept(new Map([[key, value]]));
  };
  await write(`${prefix}before`, 0);
  const listed = database.enumerate(prefix);
  await write(`${prefix}meanwhile`, 0);
  await listed;
  await write(`${prefix}after`, 0);
  await write(`${prefix}gone`, 0);
  await write(`${prefix}gone`, undefined);
  database.get(`${prefix}pushed`);
  // Everything decoded that was kept is pushed out of memory.
  for (let i = 0; i < 20_000; i++) database.vacant([`other/${i}`]);
  looks = 0;
  for (const name of ['before', 'meanwhile', 'after']) expect(database.get(`${prefix}${name}`)).toBe(0);
  expect(looks).toBe(3);
  for (const name of ['gone', 'pushed', 'never']) expect(database.get(`${prefix}${name}`)).toBeUndefined();
  expect(looks).toBe(3);
  // What the disk says counts again after a failed write.
  database.forget();
  expect(database.get(`${prefix}before`)).toBe(0);
  expect(database.get(`${prefix}never`)).toBeUndefined();
  expect(looks).toBe(5);
});
