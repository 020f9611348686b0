import { applyUpdate, Doc } from 'yjs';
import { StorageError } from '../port.ts';

/** Throws a `TypeError` for a name that would not stay apart from others in a key. */
export function checkName(name: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they separate the parts of a key.
  if (name.length === 0 || /[\u0000-\u001f]|\p{Surrogate}/u.test(name)) {
    throw new TypeError(`Not a document name: ${JSON.stringify(name)}`);
  }
}

/** Throws `storage_corrupt` unless an update decodes and needs nothing besides itself. */
export function checkUpdate(name: string, update: Uint8Array): void {
  const doc = new Doc();
  try {
    applyUpdate(doc, update);
    const { pendingStructs, pendingDs } = doc.store;
    if (pendingStructs === null && pendingDs === null) return;
  } catch (error) {
    throw new StorageError('storage_corrupt', `The state of ${name} does not decode.`, { cause: error });
  } finally {
    doc.destroy();
  }
  throw new StorageError(
    'storage_corrupt',
    `The state of ${name} is not whole: parts that it builds on are missing.`,
  );
}
