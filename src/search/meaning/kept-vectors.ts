import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Store, Write } from '../../storage/port.ts';
import { openLevelStore } from '../../storage/store/level.ts';
import { removeDirectory } from '../files.ts';

/** Free space that is left to what cannot be made again. */
const RESERVE = 256 * 1024 * 1024;
/** Rows that are looked through at once. */
const STEP = 1000;

const modelKey = (model: string): string => createHash('sha256').update(model).digest('hex').slice(0, 16);
const afterAll = '\u{10ffff}';

/**
 * The vectors of contents on disk, by model and content hash, in a database of its own: what was embedded once is not
 * embedded again when the index beside it is made anew. Where it fails it is given up and taken away: what was in it is
 * embedded again.
 */
export class KeptVectors {
  /** Opened with the first vector that is looked for. */
  #store: Promise<Store> | undefined;
  #isOver = false;
  #last: Promise<unknown> = Promise.resolve();
  readonly #directory: string;
  readonly #trouble: (message: string) => void;

  constructor(directory: string, trouble: (message: string) => void) {
    this.#directory = directory;
    this.#trouble = trouble;
  }

  /** Opens what is in the directory; what cannot be opened is made anew. */
  #open(): Promise<Store> {
    const directory = this.#directory;
    const attempt = () => openLevelStore({ directory, durability: 'os', reserve: RESERVE });
    return attempt().catch(async () => {
      await removeDirectory(directory);
      return attempt();
    });
  }

  /** One after the other: some of what is done here closes the store and opens it again. */
  #with<T>(does: (store: Store) => Promise<T>, otherwise: T): Promise<T> {
    const done = this.#last.then(() => this.#attempt(does, otherwise));
    this.#last = done;
    return done;
  }

  async #attempt<T>(does: (store: Store) => Promise<T>, otherwise: T): Promise<T> {
    if (this.#isOver) return otherwise;
    try {
      this.#store ??= this.#open();
      return await does(await this.#store);
    } catch (error) {
      this.#trouble(`The vectors cannot be kept: ${error instanceof Error ? error.message : String(error)}`);
      await this.#end();
      await removeDirectory(this.#directory).catch(() => undefined);
      return otherwise;
    }
  }

  /** The vectors of a model that are there, in the order of the hashes. */
  get(model: string, dimensions: number, hashes: readonly string[]): Promise<(Float32Array | undefined)[]> {
    const none = hashes.map(() => undefined);
    const key = modelKey(model);
    return this.#with<(Float32Array | undefined)[]>(async (store) => {
      const found = await store.getMany(hashes.map((hash) => `${key}/${hash}`));
      // The copy begins where a row of numbers may begin.
      return found.map((bytes) =>
        bytes?.length === dimensions * 4 ? new Float32Array(bytes.slice().buffer) : undefined,
      );
    }, none);
  }

  put(model: string, vectors: readonly { hash: string; vector: Float32Array }[]): Promise<void> {
    const key = modelKey(model);
    return this.#with(async (store) => {
      const writes = vectors.map(({ hash, vector }): Write => {
        const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
        return [`${key}/${hash}`, bytes.slice()];
      });
      if (writes.length > 0) await store.commit(writes);
    }, undefined);
  }

  /**
   * Removes what `model` (or, before one is known, any) and `isWanted` do not keep, and takes it off the disk. Steps, with
   * a turn for others.
   */
  prune(
    model: string | undefined,
    isWanted: (hash: string) => boolean,
    turn: () => Promise<void>,
  ): Promise<void> {
    const key = model === undefined ? undefined : modelKey(model);
    if (!this.#store && !existsSync(this.#directory)) return Promise.resolve();
    return this.#with(async (store) => {
      let removed = 0;
      let from = '0';
      for (;;) {
        const found = await store.list({ gte: from, lt: afterAll, limit: STEP });
        const writes = found.flatMap(([name]): Write[] => {
          const [of = '', hash = ''] = name.split('/');
          return (key === undefined || of === key) && isWanted(hash) ? [] : [[name, undefined]];
        });
        if (writes.length > 0) await store.commit(writes);
        removed += writes.length;
        const last = found.at(-1)?.[0];
        if (last === undefined || found.length < STEP) break;
        from = `${last}\u0000`;
        await turn();
      }
      if (removed === 0) return;
      await store.compact({ gte: '0', lt: afterAll });
      // The list of tables names rows at their ends, those of former tables too, until it is written anew at opening.
      await store.close();
      this.#store = this.#open();
      await this.#store;
    }, undefined);
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    const store = await this.#store?.catch(() => undefined);
    this.#store = undefined;
    await store?.close().catch(() => undefined);
  }
}
