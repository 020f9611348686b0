import { describe, expect, it, onTestFinished } from 'vitest';
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import type { DocumentStore } from '../../src/storage/port.ts';

/** How the suite reaches an adapter. */
export interface DocumentsUnderTest {
  /** A store on the same documents as the last one that was opened, which is closed by then. */
  open(): Promise<DocumentStore>;
}

/** A state of `count` entries, made by client `client`, the way a log document holds them. */
export function stateOf(count: number, client = 1, text = 'entry'): Uint8Array {
  const doc = new Doc();
  doc.clientID = client;
  const map = doc.getMap('ops');
  for (let at = 0; at < count; at += 1) map.set(`key-${at}`, { text: `${text} ${at}` });
  return encodeStateAsUpdate(doc);
}

/** Every promise of the document port, for any adapter. */
export function documentsContract(name: string, make: () => Promise<DocumentsUnderTest>): void {
  const fresh = async (): Promise<{ documents: DocumentStore; again: () => Promise<DocumentStore> }> => {
    const under = await make();
    let documents = await under.open();
    onTestFinished(() => documents.close());
    const again = async (): Promise<DocumentStore> => {
      await documents.close();
      documents = await under.open();
      return documents;
    };
    return { documents, again };
  };

  describe(`document port: ${name}`, () => {
    it('knows no document at first', async () => {
      const { documents } = await fresh();
      expect(await documents.names()).toEqual([]);
      expect(await documents.read('log/tasks/1')).toBeUndefined();
    });

    it('gives a state back byte for byte, also after opening again', async () => {
      const { documents, again } = await fresh();
      const state = stateOf(200);
      await documents.write('log/tasks/1', state);
      expect(await documents.read('log/tasks/1')).toEqual(state);
      expect(await (await again()).read('log/tasks/1')).toEqual(state);
    });

    it('replaces a state whole, also by one that does not contain it', async () => {
      const { documents } = await fresh();
      await documents.write('pad/a', stateOf(50, 1));
      const other = stateOf(3, 2, 'other');
      await documents.write('pad/a', other);
      expect(await documents.read('pad/a')).toEqual(other);
      const doc = new Doc();
      applyUpdate(doc, other);
      expect(doc.getMap('ops').size).toBe(3);
      expect(await documents.names()).toEqual(['pad/a']);
    });

    it('adds updates to a state, and says what stands in it', async () => {
      const { documents, again } = await fresh();
      const doc = new Doc();
      const updates: Uint8Array[] = [];
      doc.on('update', (update: Uint8Array) => updates.push(update));
      const ops = doc.getMap('ops');
      ops.set('a', { header: 1, body: { text: 'kept' } });
      ops.set('b', { header: 2, body: { text: 'to be removed' } });
      const early = updates.splice(0);
      expect(new Map((await documents.merge('log/a/1', early)).standing)).toEqual(
        new Map([
          ['a', true],
          ['b', true],
        ]),
      );
      ops.set('b', { header: 2 });
      ops.set('c', { header: 3 });
      // What came before may come again.
      const later = await again();
      const { standing, stateVector } = await later.merge('log/a/1', [...early, ...updates]);
      expect(stateVector).toEqual(encodeStateVector(doc));
      expect(new Map(standing)).toEqual(
        new Map([
          ['a', true],
          ['b', false],
          ['c', false],
        ]),
      );
      const state = new TextDecoder('latin1').decode(await later.read('log/a/1'));
      expect(state.includes('kept')).toBe(true);
      expect(state.includes('to be removed')).toBe(false);
    });

    it('refuses to add an update that builds on parts that are not there, and keeps the state', async () => {
      const { documents } = await fresh();
      const state = stateOf(3);
      await documents.write('a', state);
      const doc = new Doc();
      doc.getMap('ops').set('first', 1);
      const before = encodeStateVector(doc);
      doc.getMap('ops').set('second', 2);
      const tail = encodeStateAsUpdate(doc, before);
      await expect(documents.merge('a', [tail])).rejects.toMatchObject({ code: 'storage_corrupt' });
      await expect(documents.merge('b', [tail])).rejects.toMatchObject({ code: 'storage_corrupt' });
      expect(await documents.read('a')).toEqual(state);
      expect(await documents.names()).toEqual(['a']);
    });

    it('keeps documents apart whose names contain each other', async () => {
      const { documents } = await fresh();
      const names = ['log/a', 'log/a/1', 'log/a/10', 'log/a/2', 'log/ä', 'l', 'update', 'meta'];
      for (const [at, name] of names.entries()) await documents.write(name, stateOf(at + 1, at + 1));
      expect(await documents.names()).toEqual([...names].sort());
      await documents.remove('log/a/1');
      for (const [at, name] of names.entries()) {
        expect(await documents.read(name)).toEqual(name === 'log/a/1' ? undefined : stateOf(at + 1, at + 1));
      }
    });

    it('removes a document, and one that is not there', async () => {
      const { documents, again } = await fresh();
      await documents.write('a', stateOf(2));
      await documents.remove('a');
      await documents.remove('never');
      expect(await documents.read('a')).toBeUndefined();
      expect(await (await again()).names()).toEqual([]);
    });

    it('refuses a state that does not decode, and keeps the old one', async () => {
      const { documents } = await fresh();
      const state = stateOf(5);
      await documents.write('a', state);
      await expect(documents.write('a', state.subarray(0, state.length - 9))).rejects.toMatchObject({
        code: 'storage_corrupt',
      });
      await expect(documents.write('b', Uint8Array.of(1, 2, 3))).rejects.toMatchObject({
        code: 'storage_corrupt',
      });
      expect(await documents.read('a')).toEqual(state);
      expect(await documents.names()).toEqual(['a']);
    });

    it('refuses a state that builds on parts that it lacks', async () => {
      const { documents } = await fresh();
      const doc = new Doc();
      doc.getMap('ops').set('first', 1);
      const before = encodeStateVector(doc);
      doc.getMap('ops').set('second', 2);
      await expect(documents.write('a', encodeStateAsUpdate(doc, before))).rejects.toMatchObject({
        code: 'storage_corrupt',
      });
      expect(await documents.read('a')).toBeUndefined();
    });

    it('refuses names that it could not keep apart', async () => {
      const { documents } = await fresh();
      for (const name of ['', 'a\u0000b', 'a\nb', '\ud800']) {
        await expect(documents.write(name, stateOf(1))).rejects.toThrow(TypeError);
      }
    });

    it('leaves the bytes with the caller', async () => {
      const { documents } = await fresh();
      const state = stateOf(5);
      const copy = Uint8Array.from(state);
      const writing = documents.write('a', state);
      state.fill(0);
      await writing;
      expect(state).toHaveLength(copy.length);
      expect(await documents.read('a')).toEqual(copy);
    });

    it('takes many calls at once, in order', async () => {
      const { documents } = await fresh();
      const states = Array.from({ length: 8 }, (_, at) => stateOf(at + 1));
      await Promise.all(states.map((state) => documents.write('a', state)));
      expect(await documents.read('a')).toEqual(states.at(-1));
    });

    it('refuses calls once closed', async () => {
      const { documents } = await fresh();
      await documents.close();
      await expect(documents.read('a')).rejects.toMatchObject({ code: 'storage_failed' });
    });
  });
}
