// The thread that signs in bulk. It imports little, so that it is there soon.
import { type KeyObject, sign } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { type SigningAnswer, type SigningCall, signatureBytes } from './signing-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('This is the entry of a worker thread.');
const secrets = new Map<number, KeyObject>();

function answer({ id, key, secret, texts, ends }: SigningCall): SigningAnswer {
  if (secret !== undefined) secrets.set(key, secret);
  const known = secrets.get(key);
  if (known === undefined) return { id, error: 'the key is not known here' };
  try {
    const sigs = new Uint8Array(ends.length * signatureBytes);
    let from = 0;
    for (const [at, to] of ends.entries()) {
      sigs.set(sign(null, texts.subarray(from, to), known), at * signatureBytes);
      from = to;
    }
    return { id, sigs };
  } catch (error) {
    return { id, error: String(error) };
  }
}

port.on('message', (call: SigningCall) => port.postMessage(answer(call)));
