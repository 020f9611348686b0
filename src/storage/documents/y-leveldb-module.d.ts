/** y-leveldb 0.2 has types and does not export them: this declares the part that is used. */
declare module 'y-leveldb' {
  /** All its methods resolve with `null` when anything failed. */
  export class LeveldbPersistence {
    constructor(
      location: string,
      options: {
        // The class is constructed with `(location, levelOptions)`.
        readonly Level: new (
          location: string,
          options: never,
        ) => object;
        readonly levelOptions: object;
      },
    );
    storeUpdate(name: string, update: Uint8Array): Promise<number | null>;
    clearDocument(name: string): Promise<undefined | null>;
    setMeta(name: string, key: string, value: unknown): Promise<undefined | null>;
    getMeta(name: string, key: string): Promise<unknown>;
    getAllDocNames(): Promise<string[] | null>;
    destroy(): Promise<undefined | null>;
  }
  /** The stored updates of a document in order. Rejects when the database does. */
  export function getLevelUpdates(level: object, name: string): Promise<Uint8Array[]>;
}
