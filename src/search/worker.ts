// The thread that holds the index.
import { parentPort, workerData } from 'node:worker_threads';
import { vectorsIn } from './files.ts';
import { KeptVectors } from './meaning/kept-vectors.ts';
import type { FromWorker, ToWorker, WorkerStart } from './protocol.ts';
import { serveIndex } from './serving.ts';

const port = parentPort;
if (port === null) throw new Error('This is the entry of a worker thread.');
const tell = (message: FromWorker): void => port.postMessage(message);
const start = workerData as WorkerStart;
const kept =
  start.directory === undefined
    ? undefined
    : new KeptVectors(vectorsIn(start.directory), (message) =>
        tell({ did: 'trouble', ...(message === undefined ? {} : { message }) }),
      );
const serve = await serveIndex(start, kept, tell, (code) => process.exit(code));
port.on('message', (message: ToWorker) => serve(message));
