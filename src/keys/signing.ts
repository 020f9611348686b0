import { type KeyObject, sign } from 'node:crypto';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { CoterieError } from '../../schemas/index.ts';
import { type SigningAnswer, type SigningCall, signatureBytes } from './signing-protocol.ts';

/** So many go to the thread at once, without waiting for more: waking it costs as much as signing five. */
const batchSize = 32;
/** Up to so many are signed in place: that is sooner done than handed over. */
const inPlace = 4;

interface Asked {
  readonly text: Uint8Array;
  resolve(sig: string): void;
  reject(error: Error): void;
}

const failed = (cause: unknown): CoterieError => new CoterieError('internal', 'signing failed', { cause });

function joined(asked: readonly Asked[]): Pick<SigningCall, 'texts' | 'ends'> {
  const texts = new Uint8Array(asked.reduce((sum, { text }) => sum + text.length, 0));
  const ends = new Uint32Array(asked.length);
  let end = 0;
  for (const [at, { text }] of asked.entries()) {
    texts.set(text, end);
    end += text.length;
    ends[at] = end;
  }
  return { texts, ends };
}

/**
 * One thread of the process that signs in bulk, for all keys. The system's thread pool takes one text a call, which
 * costs the caller as much as signing does when many are under way, and keeps the disk's writes waiting behind them.
 */
function createThread(): (key: number, secret: KeyObject, asked: readonly Asked[]) => void {
  const waiting = new Map<number, readonly Asked[]>();
  const known = new Set<number>();
  let worker: Worker | undefined;
  let lastId = 0;

  function lose(lost: Worker, cause: unknown): void {
    if (worker !== lost) return;
    worker = undefined;
    known.clear();
    const refused = [...waiting.values()].flat();
    waiting.clear();
    for (const { reject } of refused) reject(failed(cause));
  }

  function running(): Worker {
    if (worker) return worker;
    const made = new Worker(createRequire(import.meta.url).resolve('#signing-worker'), {
      name: 'coterie signing',
      // It keeps nothing: a small heap is collected as fast.
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    made.on('message', (answer: SigningAnswer) => {
      const asked = waiting.get(answer.id) ?? [];
      waiting.delete(answer.id);
      if (waiting.size === 0) made.unref();
      if ('error' in answer) {
        for (const { reject } of asked) reject(failed(answer.error));
        return;
      }
      const sigs = Buffer.from(answer.sigs.buffer);
      asked.forEach(({ resolve }, at) => {
        resolve(sigs.toString('base64url', at * signatureBytes, (at + 1) * signatureBytes));
      });
    });
    made.on('error', (error) => lose(made, error));
    made.on('exit', (code) => lose(made, `the thread ended with ${code}`));
    worker = made;
    return made;
  }

  return (key, secret, asked) => {
    const target = running();
    const call: SigningCall = {
      id: ++lastId,
      key,
      ...(known.has(key) ? {} : { secret }),
      ...joined(asked),
    };
    known.add(key);
    waiting.set(call.id, asked);
    // The thread keeps the process alive while it owes an answer, and only then.
    target.ref();
    target.postMessage(call, [call.texts.buffer as ArrayBuffer]);
  };
}

const thread = createThread();
let keys = 0;

/** Signs with an Ed25519 key, in bulk where many are asked for at a time. Signatures in base64url. */
export function createSigning(secret: KeyObject): (text: Uint8Array) => Promise<string> {
  const key = ++keys;
  let asked: Asked[] = [];
  let soon: NodeJS.Immediate | undefined;

  function flush(): void {
    clearImmediate(soon);
    soon = undefined;
    const taken = asked;
    asked = [];
    if (taken.length > inPlace) {
      thread(key, secret, taken);
      return;
    }
    for (const { text, resolve, reject } of taken) {
      try {
        resolve(sign(null, text, secret).toString('base64url'));
      } catch (error) {
        reject(failed(error));
      }
    }
  }

  return (text) =>
    new Promise((resolve, reject) => {
      asked.push({ text, resolve, reject });
      if (asked.length >= batchSize) flush();
      else soon ??= setImmediate(flush);
    });
}
