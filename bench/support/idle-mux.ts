import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { generateSeed, nodeCrypto, signerFromSeed, x25519FromSeed } from '../../src/keys/node.ts';
import { createClock, makeHeader, proveAdmission, type Signer, sealEntry } from '../../src/op/index.ts';
import type { MachineWorkspace } from '../../src/replica/workspace/machine.ts';
import { proofText } from '../../src/sync/session/handshake.ts';
import { type ControlMessage, decodeFrame, encodeControl, encodeDocument } from '../../src/sync/wire.ts';

/** A replica that is nothing but a key and what admits it. */
export interface Key {
  readonly signer: Signer;
  readonly credentials: readonly string[];
}

export async function makeKey(workspace: MachineWorkspace): Promise<Key> {
  const seed = generateSeed();
  const signer = signerFromSeed(seed);
  const admitted = {
    workspace: workspace.id,
    key: signer.publicKey,
    encryption: x25519FromSeed(seed).publicKey,
  };
  const { key, encryption } = admitted;
  const { header, signedBytes } = makeHeader(nodeCrypto, {
    stamp: createClock({ now: Date.now, random: randomBytes, replica: signer.id }).next(),
    workspace: workspace.id,
    log: 'members',
    replica: signer.id,
    seq: 1,
    prev: '',
    after: [workspace.id],
    type: 'replica.admit',
    subject: '',
    data: { key, encryption, ...(await proveAdmission(workspace.machine, admitted)), name: 'idle' },
    random: randomBytes,
  });
  const entry = sealEntry(header, undefined, await signer.sign(signedBytes));
  return { signer, credentials: [workspace.genesis, entry].map((one) => JSON.stringify(one)) };
}

/**
 * A session of `/mux` that proves its key, has always the very same as the other side, begins one document, and then
 * stays. Resolves when the other side has answered for that document.
 */
export function comeMux(
  url: string,
  workspace: string,
  { signer, credentials }: Key,
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
      else if (message.type === 'ask') say({ type: 'credentials', entries: credentials });
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
