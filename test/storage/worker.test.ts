import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { createDocumentsClient } from '../../src/storage/documents/client.ts';
import { openDocuments } from '../../src/storage/documents/y-leveldb.ts';
import { stateOf } from '../contracts/documents.ts';
import { scratch } from '../support/scratch.ts';

it('refuses calls under way when the thread dies, and starts another for the next', async () => {
  const directory = scratch();
  const settings = { directory, durability: 'sync' } as const;
  const threads: Worker[] = [];
  const documents = createDocumentsClient(settings, () => {
    const path = createRequire(import.meta.url).resolve('#documents-worker');
    const thread = new Worker(path, { workerData: settings, stderr: true });
    threads.push(thread);
    return thread;
  });
  onTestFinished(() => documents.close());
  await documents.write('a', stateOf(10));
  const reading = documents.read('a');
  const [first] = threads;
  const gone = first === undefined ? undefined : once(first, 'exit');
  void first?.terminate();
  await expect(reading).rejects.toMatchObject({ code: 'storage_failed' });
  await gone;
  expect(await documents.read('a')).toEqual(stateOf(10));
  expect(threads).toHaveLength(2);
});

it('says who has the documents instead of reading them as empty', async () => {
  const directory = scratch();
  const holder = await openDocuments({ directory, durability: 'sync' });
  await holder.write('a', stateOf(1));
  const documents = createDocumentsClient({ directory, durability: 'sync' });
  onTestFinished(() => documents.close());
  await expect(documents.read('a')).rejects.toMatchObject({ code: 'directory_locked' });
  await holder.close();
  // The next call opens again.
  expect(await documents.read('a')).toEqual(stateOf(1));
});

it('passes misuse across as what it is', async () => {
  const documents = createDocumentsClient({ directory: scratch(), durability: 'sync' });
  onTestFinished(() => documents.close());
  await expect(documents.read('')).rejects.toThrow(TypeError);
});
