import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import type { Replica } from '../../src/index.ts';
import { generateSeed, nodeCrypto, signerFromSeed, x25519FromSeed } from '../../src/keys/node.ts';
import {
  createClock,
  entryKey,
  makeHeader,
  proveAdmission,
  type Signer,
  sealEntry,
} from '../../src/op/index.ts';
import { syncSourceOf } from '../../src/replica/sync/index.ts';
import { findMachineWorkspace, type MachineWorkspace } from '../../src/replica/workspace/machine.ts';
import { proofText } from '../../src/sync/session/handshake.ts';
import { type ControlMessage, decodeFrame, encodeControl, encodeDocument } from '../../src/sync/wire.ts';

const seedBytes = 32;
const perSegment = 500;

/**
 * Admits so many keys to a workspace that nobody else has open, as if their replicas had been here. Resolves with their
 * seeds. One by one it would take long: each change of membership is judged with all of them.
 */
export async function admitKeys(replica: Replica, config: string, count: number): Promise<Uint8Array> {
  const workspace = await findMachineWorkspace(config, replica.workspace.id);
  if (!workspace) throw new Error('the workspace has no secret here');
  const source = syncSourceOf(replica);
  const seeds = Buffer.alloc(count * seedBytes);
  for (let from = 0; from < count; from += perSegment) {
    const entries: (readonly [string, string])[] = [];
    for (let i = from; i < Math.min(count, from + perSegment); i++) {
      const seed = generateSeed();
      seeds.set(seed, i * seedBytes);
      entries.push(await admission(workspace, seed));
    }
    const received = await source.take(`log/members/${2 + from / perSegment}`, entries, 1);
    if (!received.ok) throw new Error(received.reason);
  }
  await source.idle();
  return seeds;
}

async function admission(
  { id: workspace, machine }: MachineWorkspace,
  seed: Uint8Array,
): Promise<readonly [key: string, entry: string]> {
  const signer = signerFromSeed(seed);
  const keys = { key: signer.publicKey, encryption: x25519FromSeed(seed).publicKey };
  const made = makeHeader(nodeCrypto, {
    stamp: createClock({ now: Date.now, random: randomBytes, replica: signer.id }).next(),
    workspace,
    log: 'members',
    replica: signer.id,
    seq: 1,
    prev: '',
    after: [workspace],
    type: 'replica.admit',
    subject: '',
    data: { ...keys, ...(await proveAdmission(machine, { workspace, ...keys })), name: 'idle' },
    random: randomBytes,
  });
  const sig = await signer.sign(made.signedBytes);
  const entry = sealEntry(made.header, undefined, sig);
  return [entryKey(nodeCrypto, made.hash, sig), JSON.stringify(entry)];
}

/** The keys of those seeds, from one on. */
export const keysOf = (seeds: Uint8Array, from: number, count: number): Signer[] =>
  Array.from({ length: count }, (_, i) =>
    signerFromSeed(seeds.subarray((from + i) * seedBytes, (from + i + 1) * seedBytes)),
  );

/**
 * A session of `/mux` that proves its key, has always the very same as the other side, begins one document, and then
 * stays. Resolves when the other side has answered for that document.
 */
export function comeMux(
  url: string,
  workspace: string,
  signer: Signer,
  document: string,
): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/mux`, { perMessageDeflate: false });
  const random = randomBytes(32);
  const say = (message: ControlMessage): void => socket.send(encodeControl(message));
  return new Promise((resolve, reject) => {
    let rooted = false;

    async function prove(theirs: Extract<ControlMessage, { type: 'hello' }>): Promise<void> {
      const text = proofText({
        role: 'dial',
        workspace,
        binding: '',
        theirRandom: theirs.random,
        ownRandom: random,
        theirKey: theirs.publicKey,
        ownKey: signer.publicKey,
      });
      say({ type: 'prove', sig: await signer.sign(text) });
    }

    function take(message: ControlMessage): void {
      if (message.type === 'hello') prove(message).catch(reject);
      else if (message.type === 'ping') say({ type: 'pong', number: message.number });
      else if (message.type === 'bye') reject(new Error(`${message.code} ${message.reason}`));
      else if (message.type === 'root' && !rooted) {
        rooted = true;
        say(message);
        say({ type: 'name', alias: 1, document });
        socket.send(encodeDocument(1, { type: 'step1', stateVector: new Uint8Array([0]) }));
      }
    }

    socket.once('error', reject);
    socket.once('close', (code, reason) => reject(new Error(`closed with ${code} ${reason.toString()}`)));
    socket.once('open', () =>
      say({
        type: 'hello',
        versions: [1],
        workspace,
        publicKey: signer.publicKey,
        random,
        capabilities: [],
      }),
    );
    socket.on('message', (bytes: Buffer) => {
      const frame = decodeFrame(bytes);
      if (frame.kind === 'control') take(frame.message);
      else if (frame.kind === 'document' && frame.message.type === 'step1')
        socket.send(encodeDocument(1, { type: 'step2', update: new Uint8Array([0, 0]) }));
      else if (frame.kind === 'document' && frame.message.type === 'step2') resolve(socket);
    });
  });
}
