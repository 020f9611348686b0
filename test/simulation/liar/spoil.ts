import * as Y from 'yjs';
import type { Entry } from '../../../schemas/index.ts';

/** What an admitted replica that lies makes of a document's state before it sends it. */
export function spoil(state: Uint8Array, draw: (below: number) => number): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = 1 + draw(2 ** 31);
  Y.applyUpdate(doc, state);
  const ops = doc.getMap<Entry>('ops');
  const keys = [...ops.keys()];
  const key = keys[draw(keys.length || 1)];
  const entry = key === undefined ? undefined : ops.get(key);
  if (key === undefined || entry === undefined) return state;
  switch (draw(6)) {
    case 0:
      ops.delete(key);
      break;
    case 1:
      for (const each of keys) ops.delete(each);
      break;
    case 2:
      ops.set(key, structuredClone({ header: entry.header, sig: entry.sig }));
      break;
    case 3:
      ops.set(key, structuredClone({ ...entry, body: { salt: 'a'.repeat(26), text: 'forged' } }));
      break;
    case 4: {
      // At the places where others write next: what they write then is hidden, or this is.
      for (const client of Y.decodeStateVector(Y.encodeStateVector(doc)).keys()) {
        doc.clientID = client;
        ops.set(key, structuredClone(entry));
      }
      break;
    }
    default: {
      const damaged = Y.encodeStateAsUpdate(doc);
      const at = draw(damaged.length);
      damaged[at] = draw(256);
      return damaged;
    }
  }
  return Y.encodeStateAsUpdate(doc);
}
