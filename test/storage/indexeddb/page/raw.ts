// What is stored, without the adapter.

/** The database, opened beside whoever has it open. */
export async function raw<T>(
  name: string,
  work: (database: IDBDatabase) => Promise<T> | T,
  version?: number,
) {
  const database = await asked(indexedDB.open(name, version));
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

export function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** All records of a store by their keys. */
export const recordsOf = (name: string, store: string): Promise<Map<IDBValidKey, unknown>> =>
  raw(name, async (database) => {
    const from = database.transaction(store).objectStore(store);
    const [keys, values] = await Promise.all([asked(from.getAllKeys()), asked(from.getAll())]);
    return new Map(keys.map((key, at) => [key, values[at]]));
  });

/** Puts another record in the place of one; none for `undefined`. */
export const replaceRecord = (
  name: string,
  store: string,
  key: IDBValidKey,
  value: unknown,
): Promise<unknown> =>
  raw(name, (database) => {
    const into = database.transaction(store, 'readwrite').objectStore(store);
    return asked<unknown>(value === undefined ? into.delete(key) : into.put(value, key));
  });

/** Aborts the transaction in which the next record is written into this store, after it was taken. */
export function abortNext(store: string): () => void {
  const { add, put } = IDBObjectStore.prototype;
  const aborting = (original: typeof add): typeof add =>
    function (this: IDBObjectStore, ...given) {
      const request = original.apply(this, given);
      if (this.name === store) {
        restore();
        request.addEventListener('success', () => this.transaction.abort());
      }
      return request;
    };
  const restore = (): void => void Object.assign(IDBObjectStore.prototype, { add, put });
  Object.assign(IDBObjectStore.prototype, { add: aborting(add), put: aborting(put) });
  return restore;
}
