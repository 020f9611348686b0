import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Header } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { segmentDigest } from '../../src/log/index.ts';
import { createDatabase } from '../../src/replica/commit/database.ts';
import { toWrites } from '../../src/replica/commit/group.ts';
import { createDocuments } from '../../src/replica/documents/documents.ts';
import { createMemoryDocuments } from '../../src/storage/documents/memory.ts';
import { createMemoryStore } from '../../src/storage/store/memory.ts';

it('STO-17 a digest that is asked for in the turn in which an update becomes durable has it, or goes with it', async () => {
  const store = createMemoryStore();
  const documents = await createDocuments({
    store,
    database: createDatabase(store),
    stored: createMemoryDocuments(),
    crypto: nodeCrypto,
    random: randomBytes,
    onGrown: () => undefined,
    onShown: () => undefined,
  });
  const document = 'log/tasks/1';
  async function written(letter: string, first: boolean): Promise<() => void> {
    const rows = new Map<string, unknown>();
    const row = { header: {} as Header, sig: letter.repeat(85).concat('A'), segment: 1 };
    const one = { document, first, hash: 'a'.repeat(26), row, signed: Promise.resolve() };
    const shown = documents.finish(rows, { appended: [one], mended: [], incoming: [] });
    await store.commit(toWrites(rows));
    return shown;
  }
  (await written('A', true))();
  await documents.digest(document);
  // Between the answer and whoever waits for it the update is shown.
  const shown = await written('B', false);
  const asked = documents.digest(document);
  void Promise.resolve().then(shown);
  await asked;
  const held = [...(await documents.shown(document)).entries()].map(
    ([key, { body }]) => [key, body !== undefined] as const,
  );
  expect(await documents.digest(document)).toBe(segmentDigest(nodeCrypto, held));
});
