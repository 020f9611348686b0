import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import * as Y from 'yjs';
import { type Entry, type Hash, limits, MessagePost } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { createClock, entryKey, type MadeHeader, makeHeader, sealEntry } from '../../src/op/index.ts';
import { openReplica } from '../../src/replica/open.ts';
import { openStorage } from '../../src/storage/open.ts';
import type { Write } from '../../src/storage/port.ts';
import type { EngineOperation } from '../../src/storage/store/engine.ts';
import { frame } from '../../src/storage/store/frame.ts';
import type { Place } from './workspace.ts';
import { introduced, type Post, postAll, posts } from './writers.ts';

/** The rows of so many operations, as a replica wrote them. */
export interface Batch {
  readonly operations: number;
  readonly rows: readonly EngineOperation[];
}

export interface Recording {
  readonly batches: readonly Batch[];
  readonly operations: number;
  /** Rows and bytes of keys and values, an operation. */
  readonly rowsEach: number;
  readonly bytesEach: number;
  /** Operations in one commit of the replica. */
  readonly group: number;
}

/**
 * What a replica writes for those posts, gathered into batches of `size` operations; a row that is written again in a
 * batch counts once. Deletions, which checkpoints make, are left out: the comparison shall not have to do them.
 */
export async function record(place: Place, writers: number, count: number, size: number): Promise<Recording> {
  const commits: (readonly Write[])[] = [];
  const storage = await openStorage({ directory: place.data });
  const { store } = storage;
  const recording = new Proxy(store, {
    get(target, name) {
      if (name === 'commit')
        return (writes: readonly Write[]) => {
          commits.push(writes);
          return store.commit(writes);
        };
      return Reflect.get(target, name) as unknown;
    },
  });
  const replica = await openReplica(
    { directory: place.data, config: place.config, as: 'kai' },
    { storage: { ...storage, store: recording } },
  );
  const surfaces = await introduced(replica);
  commits.length = 0;
  await postAll(surfaces, writers, posts(count, 5));
  const written = commits.splice(0);
  await replica.close();

  const batches: Batch[] = [];
  let rows = new Map<string, Uint8Array>();
  let operations = 0;
  const cut = (): void => {
    batches.push({ operations, rows: [...rows].map(([key, value]) => ({ type: 'put', key, value })) });
    rows = new Map();
    operations = 0;
  };
  for (const writes of written) {
    for (const [key, value] of writes) {
      if (value === undefined) continue;
      if (key.startsWith('op/') && !rows.has(key)) {
        if (operations === size) cut();
        operations++;
      }
      rows.set(key, frame(key, value));
    }
  }
  cut();
  const all = batches.flatMap((batch) => batch.rows);
  const bytes = all.reduce(
    (sum, row) => sum + row.key.length + (row.type === 'put' ? row.value.length : 0),
    0,
  );
  return {
    batches,
    operations: count,
    rowsEach: all.length / count,
    bytesEach: bytes / count,
    group: count / written.filter((writes) => writes.some(([key]) => key.startsWith('op/'))).length,
  };
}

const zero = 'a'.repeat(26);

/** The database as one opens it without us, with the sizes that ours has. */
async function openPlain(directory: string): Promise<ClassicLevel<string, Uint8Array>> {
  const database = new ClassicLevel<string, Uint8Array>(directory, {
    valueEncoding: 'view',
    writeBufferSize: 16 * 1024 * 1024,
    cacheSize: 8 * 1024 * 1024,
    maxFileSize: 4 * 1024 * 1024,
  });
  await database.open();
  return database;
}

/**
 * The bare loop: checks each message against its schema, makes header and hash, signs on the thread pool, encodes a
 * Yjs update for each entry, and writes the recorded rows in one synced batch of LevelDB, all by the libraries' plain
 * calls. No folds, views, waiting writers, documents or checkpoints. Resolves with operations a second.
 */
export async function bareLoop(place: Place, { batches, operations }: Recording): Promise<number> {
  mkdirSync(place.data, { recursive: true });
  const database = await openPlain(place.data);
  const { privateKey } = generateKeyPairSync('ed25519');
  const clock = createClock({ now: Date.now, random: randomBytes, replica: zero });
  let encode = createEncoder();
  const all = [...posts(operations, 5)];
  let seq = 0;
  let prev: Hash = '';
  const began = performance.now();
  for (const batch of batches) {
    const made: { header: MadeHeader; sig: Promise<string> }[] = [];
    for (let i = 0; i < batch.operations; i++) {
      const { text } = MessagePost.parse({ text: (all[seq] as Post).text });
      const header = makeHeader(nodeCrypto, {
        stamp: clock.next(),
        workspace: zero,
        log: `channel.${zero}`,
        replica: zero,
        member: zero,
        seq: ++seq,
        prev,
        after: [],
        type: 'message.create',
        subject: '',
        data: {},
        body: { text },
        random: randomBytes,
      });
      prev = header.hash;
      made.push({ header, sig: signed(privateKey, header.signedBytes) });
    }
    for (const { header, sig } of made) {
      const signature = await sig;
      encode(entryKey(nodeCrypto, header.hash, signature), sealEntry(header.header, header.body, signature));
    }
    if (seq % limits.segmentOperations < batch.operations) encode = createEncoder();
    await database.batch([...batch.rows], { sync: true });
  }
  const rate = (operations / (performance.now() - began)) * 1000;
  await database.close();
  return rate;
}

const signed = (key: KeyObject, bytes: Uint8Array): Promise<string> =>
  new Promise((resolve, reject) => {
    sign(null, bytes, key, (error, sig) => (error ? reject(error) : resolve(sig.toString('base64url'))));
  });

/** Encodes entries the plain way: set in a document, which then tells its update. */
function createEncoder(): (key: Hash, entry: Entry) => Uint8Array {
  const document = new Y.Doc();
  const operations = document.getMap<Entry>('ops');
  let update: Uint8Array = new Uint8Array();
  document.on('update', (bytes: Uint8Array) => {
    update = bytes;
  });
  return (key, entry) => {
    operations.set(key, entry);
    return update;
  };
}

/** Writes each recorded batch by itself, synced; resolves with how long each took, ms. */
export async function bareBatches(place: Place, { batches }: Recording, everyMs = 0): Promise<number[]> {
  mkdirSync(place.data, { recursive: true });
  const database = await openPlain(place.data);
  const times: number[] = [];
  const first = performance.now();
  for (const [i, { rows }] of batches.entries()) {
    if (everyMs > 0) await sleep(Math.max(0, first + i * everyMs - performance.now()));
    const began = performance.now();
    await database.batch([...rows], { sync: true });
    times.push(performance.now() - began);
  }
  await database.close();
  return times;
}
