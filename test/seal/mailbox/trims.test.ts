import { expect, it } from 'vitest';
import { rangeOf } from '../../../src/seal/mailbox/rows.ts';
import { openTrims } from '../../../src/seal/mailbox/trims.ts';
import { createMemoryStore } from '../../../src/storage/store/memory.ts';
import { newId } from './support.ts';

it('SLD-12: what was trimmed is rewritten once, again where more went meanwhile, and after a crash', async () => {
  const store = createMemoryStore();
  const rewritten: string[] = [];
  let meanwhile: (() => Promise<unknown>) | undefined;
  const watched = (trimmed: typeof store) => ({
    list: trimmed.list,
    commit: trimmed.commit,
    async compact({ gte }: { gte: string }) {
      rewritten.push(gte);
      await meanwhile?.();
      meanwhile = undefined;
    },
  });
  const [mailbox, document] = [newId(), newId()];
  const { gte } = rangeOf(mailbox, 'r', document);
  const trims = openTrims(watched(store));
  await trims.rewrite();
  expect(rewritten).toEqual([]);
  await store.commit([trims.note(mailbox, document)]);
  meanwhile = () => store.commit([trims.note(mailbox, document)]);
  await trims.rewrite();
  await trims.rewrite();
  await trims.rewrite();
  expect(rewritten.splice(0)).toEqual([gte, gte]);
  // One that was noted and not rewritten when the process ended.
  await store.commit([trims.note(mailbox, document)]);
  const next = openTrims(watched(store.crash()));
  await next.rewrite();
  await next.rewrite();
  expect(rewritten).toEqual([gte]);
});
