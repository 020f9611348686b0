import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** UTF-16 units held in memory before a run is put on disk. */
const runUnits = 4 * 1024 * 1024;
const writeUnits = 256 * 1024;

/** A text file that is written in large pieces. */
export interface Output {
  write(text: string): Promise<void>;
  /** Writes what is left, makes it durable, and closes. */
  close(): Promise<void>;
  /** Closes without a word. */
  abandon(): Promise<void>;
}

/** Creates a file; fails when it exists. */
export async function createOutput(
  path: string,
  options: { sync: boolean } = { sync: true },
): Promise<Output> {
  const file: FileHandle = await open(path, 'wx');
  let pieces: string[] = [];
  let units = 0;
  const flush = async (): Promise<void> => {
    const text = pieces.join('');
    pieces = [];
    units = 0;
    if (text !== '') await file.writeFile(text, 'utf8');
  };
  return {
    async write(text) {
      pieces.push(text);
      units += text.length;
      if (units >= writeUnits) await flush();
    },
    async close() {
      await flush();
      if (options.sync) await file.sync();
      await file.close();
    },
    abandon: () => file.close().catch(() => undefined),
  };
}

/** Sorts any number of texts by a key, in bounded memory: what does not fit waits on disk in sorted runs. */
export interface Sorter {
  add(key: string, text: string): Promise<void>;
  /** All texts by key (UTF-16 order). Once. */
  sorted(): AsyncGenerator<string, void, undefined>;
  /** Removes what is on disk. */
  close(): Promise<void>;
}

type Item = readonly [key: string, text: string];

const byKey = (a: Item, b: Item): number => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);

/** `name` is unique in the directory, which exists. */
export function createSorter(directory: string, name: string, units = runUnits): Sorter {
  const runs: string[] = [];
  let items: Item[] = [];
  let held = 0;

  const spill = async (): Promise<void> => {
    const path = join(directory, `${name}.run${runs.length}`);
    runs.push(path);
    const out = await createOutput(path, { sync: false });
    for (const item of items.sort(byKey)) await out.write(`${JSON.stringify(item)}\n`);
    await out.close();
    items = [];
    held = 0;
  };

  return {
    async add(key, text) {
      items.push([key, text]);
      held += key.length + text.length;
      if (held >= units) await spill();
    },
    async *sorted() {
      if (runs.length === 0) {
        for (const [, text] of items.sort(byKey)) yield text;
        return;
      }
      await spill();
      yield* merge(runs.map(readRun));
    },
    async close() {
      items = [];
      for (const path of runs) await rm(path, { force: true });
    },
  };
}

async function* readRun(path: string): AsyncGenerator<Item, void, undefined> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8' }) as AsyncIterable<string>) {
    // JSON holds no line break of its own.
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as Item;
  }
}

/** Takes the least of the runs' first items each time. */
async function* merge(
  runs: AsyncGenerator<Item, void, undefined>[],
): AsyncGenerator<string, void, undefined> {
  /** Greatest first, so that the least is taken and put back at the end. */
  const heads: { item: Item; run: AsyncGenerator<Item, void, undefined> }[] = [];
  const put = (item: Item, run: AsyncGenerator<Item, void, undefined>): void => {
    let low = 0;
    let high = heads.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = heads[middle];
      if (other && byKey(other.item, item) > 0) low = middle + 1;
      else high = middle;
    }
    heads.splice(low, 0, { item, run });
  };
  const advance = async (run: AsyncGenerator<Item, void, undefined>): Promise<void> => {
    const next = await run.next();
    if (!next.done) put(next.value, run);
  };
  try {
    for (const run of runs) await advance(run);
    for (let head = heads.pop(); head; head = heads.pop()) {
      yield head.item[1];
      await advance(head.run);
    }
  } finally {
    for (const run of runs) await run.return();
  }
}
