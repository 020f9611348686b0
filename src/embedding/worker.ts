// What runs the built-in model: a thread, or a process of its own where onnxruntime-node does it. It works on one text at
// a time, so that a query soon has its turn.
import { constants, setPriority } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import {
  dimensions,
  type EmbeddingAnswer,
  type EmbeddingCall,
  type EmbeddingReady,
  type EmbeddingStart,
} from './protocol.ts';
import { loadModel, type Model } from './runtime.ts';

interface Job {
  call: EmbeddingCall;
  vectors: Float32Array;
  /** How many of its texts have their vectors. */
  done: number;
}

const port = parentPort;
const { directory, native } = (port ? workerData : JSON.parse(process.argv[2] ?? '{}')) as EmbeddingStart;
// On Linux a thread has its own; elsewhere it would be that of the whole process.
if (port === null || process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const model = loadModel(directory, native);
const queries: Job[] = [];
const documents: Job[] = [];
let working = false;

async function step({ tokens, run }: Model, job: Job): Promise<void> {
  const text = job.call.texts[job.done] ?? '';
  job.vectors.set(await run(tokens(text)), job.done * dimensions);
  job.done += 1;
}

function answer(message: EmbeddingAnswer): void {
  if (port) port.postMessage(message, 'vectors' in message ? [message.vectors.buffer as ArrayBuffer] : []);
  else process.send?.(message);
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

function take(call: EmbeddingCall): void {
  const vectors = new Float32Array(call.texts.length * dimensions);
  (call.kind === 'query' ? queries : documents).push({ call, vectors, done: 0 });
  void work();
}

/** A process that ends in order while the model runs there aborts; one that is killed does not. */
function live(): void {
  const die = (): boolean => process.kill(process.pid, 'SIGKILL');
  process.on('disconnect', die);
  if (!process.connected) die();
  // Meant for whoever started it, who may still ask something before it ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('message', take);
  const say = (message: EmbeddingReady): void => void process.send?.(message);
  model.then(
    ({ version }) => say({ ready: version }),
    (error: unknown) => say({ failed: error instanceof Error ? error.message : String(error) }),
  );
}

if (port) port.on('message', take);
else live();
