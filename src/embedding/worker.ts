// The thread of the built-in model. It works on one text at a time, so that a query soon has its turn.
import { constants, setPriority } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { dimensions, type EmbeddingAnswer, type EmbeddingCall, type EmbeddingStart } from './protocol.ts';
import { loadModel, type Model } from './runtime.ts';

interface Job {
  call: EmbeddingCall;
  vectors: Float32Array;
  /** How many of its texts have their vectors. */
  done: number;
}

const port = parentPort;
if (port === null) throw new Error('This is the entry of a worker thread.');
const { directory } = workerData as EmbeddingStart;
// On Linux this is the thread's own; elsewhere it would be that of the process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const model = loadModel(directory);
const queries: Job[] = [];
const documents: Job[] = [];
let working = false;

async function step({ tokens, run }: Model, job: Job): Promise<void> {
  const text = job.call.texts[job.done] ?? '';
  job.vectors.set(await run(tokens(text)), job.done * dimensions);
  job.done += 1;
}

function answer(message: EmbeddingAnswer): void {
  port?.postMessage(message, 'vectors' in message ? [message.vectors.buffer as ArrayBuffer] : []);
}

async function work(): Promise<void> {
  if (working) return;
  working = true;
  // A model that can't be loaded ends the thread, so that another may try again.
  const loaded = await model;
  for (;;) {
    const queue = queries.length > 0 ? queries : documents;
    const job = queue[0];
    if (!job) break;
    const { id } = job.call;
    try {
      await step(loaded, job);
      if (job.done === job.call.texts.length) {
        queue.shift();
        answer({ id, vectors: job.vectors });
      }
    } catch (error) {
      queue.shift();
      answer({ id, error: error instanceof Error ? error.message : String(error) });
    }
    await turn();
  }
  working = false;
}

port.on('message', (call: EmbeddingCall) => {
  const vectors = new Float32Array(call.texts.length * dimensions);
  (call.kind === 'query' ? queries : documents).push({ call, vectors, done: 0 });
  void work();
});
