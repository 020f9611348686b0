import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { openLogDocument } from '../../src/log/index.ts';
import { memoryStorage } from '../support/memory-storage.ts';
import { scratch } from '../support/scratch.ts';
import { peer, session } from './sync/support.ts';

const nothing = Uint8Array.of(0);

it('REP-45 a newcomer is given a document that is at rest as it lies on disk, and what is written then as well', async () => {
  const root = scratch();
  const storage = memoryStorage(join(root, 'ana'));
  let reads = 0;
  const { read } = storage.documents;
  storage.documents.read = (name) => {
    reads++;
    return read(name);
  };
  const ana = await peer('ana', root, { storage });
  const { id } = await ana.replica.channels.get('general');
  const document = `log/channel.${id}/1`;
  const first = await ana.replica.messages.post('general', { text: 'to be removed' });
  await ana.replica.messages.post('general', { text: 'second' });
  await ana.replica.messages.redact(first.id);
  const before = {
    vector: await ana.source.stateVector(document),
    keys: new Map(await ana.source.keys(document)),
    told: await ana.source.digest(document),
  };
  const loaded = await ana.source.diff(document, nothing);
  await ana.replica.compact();
  await ana.reopen();

  // Neither question has it read.
  reads = 0;
  expect(await ana.source.stateVector(document)).toEqual(before.vector);
  expect(await ana.source.digest(document)).toEqual(before.told);
  // Nor an answer that brings nothing.
  const answered = await ana.source.receive(document, Uint8Array.of(0, 0), session());
  expect(answered).toEqual({ ok: true, keys: [], parked: 0, released: 0 });
  expect(reads).toBe(0);

  const given = await ana.source.diff(document, nothing);
  expect(reads).toBe(1);
  const held = (update: Uint8Array) => {
    const doc = openLogDocument({ clientID: 1, state: [update] });
    return new Map([...doc.entries()].map(([key, { body }]) => [key, body !== undefined]));
  };
  expect(held(given)).toEqual(before.keys);
  expect(held(loaded)).toEqual(before.keys);
  expect(Buffer.from(given).includes('to be removed')).toBe(false);

  // It wakes up: what is written counts at once, also for who has a part of it.
  const third = await ana.replica.messages.post('general', { text: 'third' });
  expect(held(await ana.source.diff(document, nothing)).size).toBe(before.keys.size + 1);
  expect(held(Y.mergeUpdates([given, await ana.source.diff(document, before.vector)])).size).toBe(
    before.keys.size + 1,
  );
  expect(third.text).toBe('third');
});

it('REP-45 a document that is written to while it is read from disk is given with that', async () => {
  const root = scratch();
  const storage = memoryStorage(join(root, 'ana'));
  const ana = await peer('ana', root, { storage });
  const { id } = await ana.replica.channels.get('general');
  const document = `log/channel.${id}/1`;
  await ana.replica.messages.post('general', { text: 'first' });
  await ana.replica.compact();
  await ana.reopen();
  const { read } = storage.documents;
  storage.documents.read = async (name) => {
    const state = await read(name);
    storage.documents.read = read;
    await ana.replica.messages.post('general', { text: 'meanwhile' });
    return state;
  };
  const given = openLogDocument({ clientID: 1, state: [await ana.source.diff(document, nothing)] });
  expect([...given.entries()].map(([, { body }]) => body?.['text'])).toContain('meanwhile');
});
