import { parentPort, workerData } from 'node:worker_threads';
import { type Answer, type Call, type Results, sendError, type WorkerSettings } from './protocol.ts';
import { openDocuments, type ScrubbedDocumentStore } from './y-leveldb.ts';

/** Entry of the thread that owns the documents: on the main thread their checkpoints stall the event loop. */
const settings: WorkerSettings = workerData;
let opening: Promise<ScrubbedDocumentStore> | undefined;

/** Opens once. A failed opening is tried again by the next call: a full disk does not stay full. */
function documents(): Promise<ScrubbedDocumentStore> {
  opening ??= openDocuments(settings).catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return opening;
}

async function answer(call: Call): Promise<Results[keyof Results]> {
  if (call.call === 'close') {
    await (await opening?.catch(() => undefined))?.close();
    return undefined;
  }
  const store = await documents();
  switch (call.call) {
    case 'write':
      await store.write(call.name, call.update);
      return undefined;
    case 'merge':
      return store.merge(call.name, call.updates);
    case 'remove':
      await store.remove(call.name);
      return undefined;
    case 'purge':
      await store.purge(call.name);
      return undefined;
    case 'read':
      return store.read(call.name);
    case 'names':
      return store.names();
    case 'scrub':
      return store.scrub();
  }
}

parentPort?.on('message', (call: Call) => {
  const send = (message: Answer, transfer: ArrayBuffer[] = []): void =>
    parentPort?.postMessage(message, transfer);
  answer(call).then(
    (result) => {
      if (!(result instanceof Uint8Array)) return send({ id: call.id, result });
      // The engine's bytes may lie in a larger buffer; a copy of their own can move.
      const bytes = new Uint8Array(result);
      send({ id: call.id, result: bytes }, [bytes.buffer]);
    },
    (error: unknown) => send({ id: call.id, error: sendError(error) }),
  );
});
