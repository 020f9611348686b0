import { ClassicLevel } from 'classic-level';
import type { Engine, EngineRange, EngineRow } from './engine.ts';

const OPTIONS = {
  keyEncoding: 'utf8',
  valueEncoding: 'view',
  compression: true,
  // Also the size of a log file: an opening after a crash reads as much. Each time that one is full a table is made, and
  // after some hundred reads that look through it the engine merges it with all that it overlaps, here nearly the whole
  // database: at 4 MB a replica that receives 70 MB rewrites 3 GB.
  writeBufferSize: 16 * 1024 * 1024,
  cacheSize: 8 * 1024 * 1024,
  blockSize: 4096,
  maxOpenFiles: 1000,
  maxFileSize: 4 * 1024 * 1024,
} as const;

const STEP_ROWS = 1000;
const STEP_BYTES = 256 * 1024;

/**
 * The only door to LevelDB. Makes a database where there is none, so ask `checkNotLost` first. Its lock is a POSIX
 * lock on the file LOCK, which the process loses when it closes any descriptor of that file: never open it.
 */
export async function openClassicLevel(directory: string): Promise<Engine> {
  const db = new ClassicLevel<string, Uint8Array>(directory, OPTIONS);
  await db.open();

  const iterate = ({ gte, lt, reverse = false, limit = -1 }: EngineRange) =>
    db.iterator({ gte, lt, reverse, limit, highWaterMarkBytes: STEP_BYTES });

  return {
    getSync: (key) => db.getSync(key),
    get: (key) => db.get(key),
    getMany: (keys) => db.getMany([...keys]),
    steps(range) {
      const rows = iterate(range);
      return { next: (): Promise<EngineRow[]> => rows.nextv(STEP_ROWS), close: () => rows.close() };
    },
    async list(range) {
      const rows = iterate(range);
      const all: EngineRow[] = [];
      try {
        for (;;) {
          const step = await rows.nextv(STEP_ROWS);
          if (step.length === 0) return all;
          for (const row of step) all.push(row);
        }
      } finally {
        await rows.close();
      }
    },
    async batch(operations, sync) {
      // Handed over one by one it costs a quarter of what an array does, which is cloned operation by operation.
      const batch = db.batch();
      try {
        for (const operation of operations) {
          if (operation.type === 'put') batch.put(operation.key, operation.value);
          else batch.del(operation.key);
        }
      } catch (error) {
        await batch.close();
        throw error;
      }
      await batch.write({ sync });
    },
    compactRange: (gte, lt) => db.compactRange(gte, lt),
    tables() {
      // Lines such as ` 12:4194304['key' @ 7 : 1 .. 'key' @ 9 : 1]`; line ends in keys are escaped.
      const tables = new Map<string, number>();
      for (const [, number = '', size = ''] of db
        .getProperty('leveldb.sstables')
        .matchAll(/^ (\d+):(\d+)\[/gm)) {
        tables.set(`${number.padStart(6, '0')}.ldb`, Number(size));
      }
      return tables;
    },
    close: () => db.close(),
  };
}
