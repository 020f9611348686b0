// The thread that holds the index: everything that takes time in searching happens here.
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeIndex } from './codec.ts';
import { readIndexFile } from './file.ts';
import { createKeeper } from './keeper.ts';
import { TextIndex } from './minisearch.ts';
import { type FromWorker, messageOf, type ToWorker, type WorkerStart } from './protocol.ts';
import type { SearchChange } from './types.ts';

const port = parentPort;
if (port === null) throw new Error('This is the entry of a worker thread.');
const { directory, epoch, end } = workerData as WorkerStart;
const tell = (message: FromWorker): void => port.postMessage(message);
const trouble = (message?: string): void =>
  tell({ did: 'trouble', ...(message === undefined ? {} : { message }) });

async function load(from: string): Promise<{ index: TextIndex; position: number }> {
  const index = new TextIndex();
  try {
    const bytes = await readIndexFile(from);
    if (bytes) return { index, position: decodeIndex(bytes, index, { epoch, end }) ?? 0 };
    return { index, position: 0 };
  } catch (error) {
    // The index is derived: whatever is wrong with the file, it is made again.
    trouble(messageOf(error));
    return { index: new TextIndex(), position: 0 };
  }
}

const loaded = directory === undefined ? { index: new TextIndex(), position: 0 } : await load(directory);
const { index } = loaded;
let { position } = loaded;

const keeper =
  directory === undefined
    ? undefined
    : createKeeper({ directory, epoch, index, reached: () => position, trouble });

let tidying = false;
let tidyAgain = false;
/** Where in the feed a purge stands whose removals are to leave memory too. */
let tidyAt: number | undefined;

async function tidy(): Promise<void> {
  tidyAgain = true;
  if (tidying) return;
  tidying = true;
  while (tidyAgain) {
    tidyAgain = false;
    for (const _ of index.tidy()) await turn();
  }
  tidying = false;
}

function tidyWhenDue(): void {
  const due = tidyAt !== undefined && position >= tidyAt;
  if (due) tidyAt = undefined;
  if (due || (index.untidy && !tidying)) void tidy();
}

function apply(changes: readonly SearchChange[]): void {
  for (const change of changes) {
    try {
      if ('put' in change) index.put(change.put);
      else index.drop(change.remove);
    } catch (error) {
      // One document that cannot be indexed is no reason to find no other.
      trouble(messageOf(error));
    }
  }
}

async function act(message: ToWorker): Promise<void> {
  switch (message.do) {
    case 'apply':
      apply(message.changes);
      position = message.next ?? position;
      tell({ did: 'apply', ...(message.next === undefined ? {} : { next: message.next }) });
      keeper?.changed(message.changes.length);
      tidyWhenDue();
      return;
    case 'query':
      tell({ did: 'answer', id: message.id, hits: index.find(message.query) });
      return;
    case 'purge':
      await keeper?.purge(message.through);
      tell({ did: 'purge', id: message.id });
      tidyAt = Math.max(tidyAt ?? 0, message.through);
      tidyWhenDue();
      return;
    case 'close':
      await keeper?.close();
      process.exit(0);
  }
}

tell({ did: 'load', position });
port.on('message', (message: ToWorker) => {
  act(message).catch((error: unknown) => {
    if ('id' in message) tell({ did: 'fail', id: message.id, message: messageOf(error) });
    else throw error;
  });
});
