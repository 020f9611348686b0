import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { sealedProtocol } from '../../schemas/sealed.ts';
import { generateSeed, nodeCrypto, signerFromSeed } from '../../src/keys/node.ts';
import { makeProof } from '../../src/keys/proof.ts';
import { type Signer, toBase64url } from '../../src/op/index.ts';
import { signList } from '../../src/seal/admitted.ts';
import { type MailboxSession, openMailboxes } from '../../src/seal/mailbox/index.ts';
import { noRecord } from '../../src/seal/record.ts';
import { decodeFromRelay, encodeToRelay, type ToClient, type ToRelay } from '../../src/seal/wire.ts';
import { openLevelStore } from '../../src/storage/store/level.ts';

/** Mailboxes whose lists have many keys, and how many. */
export const crowded = 80;
export const keysOfCrowded = 50;

const documents = 5;
const recordsOfDocument = 4;
const recordBytes = 400;

/** The name of a mailbox by its number. */
export const mailboxAt = (number: number): string =>
  toBase64url(nodeCrypto.sha256(Buffer.from(`mailbox ${number}`)));

/** A record as a relay sees one. */
function record(author: Signer): Uint8Array {
  const raw = (id: string): Buffer => Buffer.from(id, 'base64url');
  const head = [Uint8Array.of(1, 0), randomBytes(32), raw(author.publicKey), Uint8Array.of(1), raw(noRecord)];
  return Buffer.concat([...head, randomBytes(recordBytes)]);
}

/** Makes mailboxes, each with some records, in the store of a relay that does not run. Resolves with the seeds of keys. */
export async function makeMailboxes(directory: string, count: number): Promise<Uint8Array> {
  const store = await openLevelStore({ directory, durability: 'os' });
  const signers = Array.from({ length: count }, () => {
    const seed = generateSeed();
    return { seed, signer: signerFromSeed(seed) };
  });
  const at = (i: number): Signer => (signers[i] as { signer: Signer }).signer;
  const engine = openMailboxes({
    store,
    crypto: nodeCrypto,
    signer: at(0),
    random: randomBytes,
    now: Date.now,
    mayCreate: () => true,
    limits: { idle: 0 },
    prove: async () => ({ refused: 'none' }),
    onTrouble: (error) => {
      throw error;
    },
  });
  for (let i = 0; i < count; i++) {
    // Of one that is crowded, the keys whose numbers are its own of all.
    const from = i < crowded ? i * keysOfCrowded : i;
    const keys = Array.from({ length: i < crowded ? keysOfCrowded : 1 }, (_, k) => at(from + k));
    await fill(engine, i, keys);
    engine.tick();
  }
  await engine.close();
  await store.close();
  return Buffer.concat(signers.map(({ seed }) => seed));
}

async function fill(
  engine: ReturnType<typeof openMailboxes>,
  number: number,
  keys: readonly Signer[],
): Promise<void> {
  const mailbox = mailboxAt(number);
  const [owner] = keys as [Signer];
  const list = await signList(owner, {
    mailbox,
    version: 1,
    keys: keys.map(({ publicKey }) => ({ key: publicKey, admin: publicKey === owner.publicKey })),
    revoked: [],
    prev: null,
  });
  let left = documents * recordsOfDocument;
  const session = await new Promise<MailboxSession>((resolve, reject) => {
    const send = (message: ToRelay): void => joined.receive(encodeToRelay(message));
    function take(message: ToClient): void {
      if (message.type === 'hello' && message.list === 0) send({ type: 'create', tag: 0, list, code: '' });
      else if (message.type === 'hello')
        for (let i = 0; i < left; i++) {
          const document = mailboxAt(i % documents);
          send({ type: 'append', tag: i, document, record: record(owner) });
        }
      else if (message.type === 'appended') {
        left -= 1;
        if (left === 0) resolve(joined);
      } else reject(new Error(message.type));
    }
    const joined = engine.join(
      mailbox,
      { key: owner.publicKey, expires: Number.POSITIVE_INFINITY },
      {
        send(frame) {
          const decoded = decodeFromRelay(frame);
          if (decoded.kind === 'message') take(decoded.message);
        },
        buffered: () => 0,
        close: () => undefined,
      },
    );
    send({ type: 'hello', versions: [1], capabilities: [] });
  });
  session.closed(1000, '');
}

/** A session that has seen the inventory, and then stays. Its proof of key lasts some minutes. */
export async function comeSealed(
  url: string,
  relay: string,
  signer: Signer,
  mailbox: string,
): Promise<WebSocket> {
  const audience = { audience: relay, workspace: mailbox, now: Date.now(), random: randomBytes };
  const proof = await makeProof(signer, audience);
  const address = `${url.replace(/^http/, 'ws')}/sealed/${mailbox}`;
  const socket = new WebSocket(address, [sealedProtocol.subprotocol, `token.${proof}`], {
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', (code, reason) => reject(new Error(`closed with ${code} ${reason.toString()}`)));
    socket.once('open', () => {
      for (const message of [
        { type: 'hello', versions: [1], capabilities: [] },
        { type: 'subscribe' },
        { type: 'inventory', after: '' },
      ] as const)
        socket.send(encodeToRelay(message));
    });
    socket.on('message', (bytes: Buffer) => {
      const decoded = decodeFromRelay(bytes);
      if (decoded.kind === 'message' && decoded.message.type === 'inventory') resolve(socket);
    });
  });
}
