import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import { type Merged, type StandingKey, StorageError } from '../port.ts';

/** Throws a `TypeError` for a name that would not stay apart from others in a key. */
export function checkName(name: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they separate the parts of a key.
  if (name.length === 0 || /[\u0000-\u001f]|\p{Surrogate}/u.test(name)) {
    throw new TypeError(`Not a document name: ${JSON.stringify(name)}`);
  }
}

/** Runs `work` on what updates make. Throws `storage_corrupt` unless they decode and need nothing besides themselves. */
function withWhole<T>(name: string, updates: readonly Uint8Array[], work: (doc: Doc) => T): T {
  const doc = new Doc();
  try {
    doc.transact(() => {
      for (const update of updates) applyUpdate(doc, update);
    });
    const { pendingStructs, pendingDs } = doc.store;
    if (pendingStructs === null && pendingDs === null) return work(doc);
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

/** Throws `storage_corrupt` unless an update decodes and needs nothing besides itself. */
export const checkUpdate = (name: string, update: Uint8Array): void =>
  withWhole(name, [update], () => undefined);

/** One state of several updates, without what they remove. Throws as `checkUpdate` does. */
export const mergeWhole = (
  name: string,
  updates: readonly Uint8Array[],
): Merged & { readonly state: Uint8Array } =>
  withWhole(name, updates, (doc) => ({
    standing: [...doc.getMap<{ readonly body?: unknown } | undefined>('ops').entries()].map(
      ([key, value]): StandingKey => [key, value?.body !== undefined],
    ),
    stateVector: encodeStateVector(doc),
    state: encodeStateAsUpdate(doc),
  }));
