import { type BrowserStorage, openBrowserStorage } from '../../../../src/storage/indexeddb/index.ts';
import { StorageError, type Write } from '../../../../src/storage/port.ts';
import { stateOf } from '../../../contracts/documents.ts';
import { bytes, text } from '../../../support/storage.ts';

const name = 'shared';
let storage: BrowserStorage | undefined;

/** What a promise comes to, in a form that leaves the page. */
async function told(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof StorageError) return { code: error.code, message: error.message };
    throw error;
  }
}

const open = (): BrowserStorage => {
  if (storage === undefined) throw new Error('not open');
  return storage;
};

/** So many characters, of which the browser can't make less. */
function noise(size: number): string {
  let made = '';
  while (made.length < size) made += crypto.randomUUID();
  return made;
}

/** One commit of rows that tell whether it is whole. */
const batch = (at: number, size: number): Write[] =>
  Array.from({ length: 5 }, (_, of): Write => [`row ${of}`, bytes(`${at} ${noise(size)}`)]);

/** For tests that do to a page what it cannot do to itself. */
export const tools = {
  async open() {
    storage = await openBrowserStorage(name, { patience: 10_000 });
    return { isNew: storage.info.isNew, lastCommit: storage.store.lastCommit };
  },
  commit: (at: number, size = 10) => told(open().store.commit(batch(at, size))),
  /** A document of so many bytes. */
  write: (size: number) => told(open().documents.write('doc', stateOf(1, 1, noise(size)))),
  reopen: () => told(open().store.reopen()),
  failed: () => open().store.failed,
  /** What the rows say that the last commit was; an error if they do not agree. */
  async last() {
    const rows = await open().store.list({ gte: 'row', lt: 's' });
    const said = new Set(rows.map(([, value]) => text(value)?.split(' ')[0]));
    if (rows.length > 0 && (rows.length !== 5 || said.size !== 1)) throw new Error(`torn: ${[...said]}`);
    return Number([...said][0] ?? 0);
  },
  /** Commits until the page ends, saying what is acknowledged. */
  async commitOn(acknowledged: (commit: number) => void) {
    for (let at = open().store.lastCommit + 1; ; at += 1)
      acknowledged(await open().store.commit(batch(at, 5000)));
  },
};
