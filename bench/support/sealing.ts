import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { Doc, encodeStateAsUpdate } from 'yjs';
import { sealedProtocol } from '../../schemas/sealed.ts';
import { generateSeed, nodeCrypto, signerFromSeed } from '../../src/keys/node.ts';
import { makeProof } from '../../src/keys/proof.ts';
import { type Signer, toBase64url } from '../../src/op/index.ts';
import { pooledRandom } from '../../src/replica/random.ts';
import { signList } from '../../src/seal/admitted.ts';
import { chainStart, recordHash } from '../../src/seal/chain.ts';
import { openRecord } from '../../src/seal/link/opening.ts';
import { unread } from '../../src/seal/link/unread.ts';
import { documentIds, documentKey, type EpochKey, epochMark } from '../../src/seal/names.ts';
import { noRecord, readHead, writeRecord } from '../../src/seal/record.ts';
import { decodeFromRelay, encodeToRelay, type ToClient, type ToRelay } from '../../src/seal/wire.ts';

/** Records that a writer is ahead of what the relay acknowledged. */
const window = 256;
const documents = 8;

interface Session {
  send(message: ToRelay): void;
  onMessage(hear: (message: ToClient) => void): void;
  close(): void;
}

async function come(url: string, relay: string, signer: Signer, mailbox: string): Promise<Session> {
  const proof = await makeProof(signer, {
    audience: relay,
    workspace: mailbox,
    now: Date.now(),
    random: randomBytes,
  });
  const socket = new WebSocket(
    `${url.replace(/^http/, 'ws')}/sealed/${mailbox}`,
    [sealedProtocol.subprotocol, `token.${proof}`],
    { perMessageDeflate: false },
  );
  let hear = (_: ToClient): void => undefined;
  socket.on('message', (bytes: Buffer) => {
    const decoded = decodeFromRelay(bytes);
    if (decoded.kind === 'message') hear(decoded.message);
  });
  await new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', resolve);
  });
  return {
    send: (message) => socket.send(encodeToRelay(message)),
    onMessage(listener) {
      hear = listener;
    },
    close: () => socket.close(),
  };
}

const answer = <Type extends ToClient['type']>(
  session: Session,
  type: Type,
  asked: () => void,
): Promise<Extract<ToClient, { readonly type: Type }>> =>
  new Promise((resolve, reject) => {
    session.onMessage((message) => {
      if (message.type === type) resolve(message as Extract<ToClient, { readonly type: Type }>);
      else if (message.type === 'error' || message.type === 'bye') reject(new Error(JSON.stringify(message)));
    });
    asked();
  });

const hello: ToRelay = { type: 'hello', versions: [1], capabilities: [] };

/** An update as one write makes it, with a text that long. */
function updateOf(bytes: number): Uint8Array {
  const doc = new Doc();
  doc.getMap('ops').set(toBase64url(randomBytes(16)), { body: randomBytes(bytes / 2).toString('hex') });
  return encodeStateAsUpdate(doc);
}

/** What came of one run. */
export interface Through {
  /** Records a second. */
  readonly rate: number;
  /** Processor time of both ends for a record, µs. */
  readonly ends: number;
}

/**
 * One key appends so many records to a new mailbox, another reads each as it comes. With `sealed` they
 * are sealed, hashed together, and opened and judged as a replica does; without it they hold the same bytes in clear behind
 * the same head, and nobody looks into them.
 */
export async function throughput(
  relay: { readonly url: string; readonly key: string },
  { count, bytes, sealed }: { readonly count: number; readonly bytes: number; readonly sealed: boolean },
): Promise<Through> {
  const [writer, reader] = [signerFromSeed(generateSeed()), signerFromSeed(generateSeed())];
  const mailbox = toBase64url(randomBytes(32));
  const from = await come(relay.url, relay.key, writer, mailbox);
  await answer(from, 'hello', () => from.send(hello));
  const keys = [writer, reader].map(({ publicKey }) => ({
    key: publicKey,
    admin: publicKey === writer.publicKey,
  }));
  const list = await signList(writer, { mailbox, version: 1, keys, revoked: [], prev: null });
  const { incarnation } = await answer(from, 'hello', () =>
    from.send({ type: 'create', tag: 0, list, code: '' }),
  );
  const to = await come(relay.url, relay.key, reader, mailbox);
  await answer(to, 'hello', () => to.send(hello));
  to.send({ type: 'subscribe' });
  await answer(to, 'inventory', () => to.send({ type: 'inventory', after: '' }));

  const epoch: EpochKey = { id: 'a'.repeat(26), secret: randomBytes(32) };
  const mark = epochMark(nodeCrypto, epoch.id);
  const idOf = documentIds(mailbox, epoch);
  const names = Array.from({ length: documents }, (_, n) => `log/channel.${n}/1`);
  const ids = new Map(names.map((name) => [name, idOf(name)]));
  const updates = Array.from({ length: 64 }, () => updateOf(bytes));
  const places = new Map(
    [...ids.values()].map((document) => [
      document,
      unread(nodeCrypto, { mailbox, incarnation, document }, undefined),
    ]),
  );
  const counts = new Map(names.map((name) => [name, { seq: 0, prev: noRecord }]));

  function make(number: number): { document: string; record: Uint8Array } {
    const name = names[number % documents] ?? '';
    const document = ids.get(name) ?? '';
    const update = updates[number % updates.length] ?? new Uint8Array();
    const { seq, prev } = counts.get(name) ?? { seq: 0, prev: noRecord };
    const head = { epoch: mark, author: writer.publicKey, seq: seq + 1, prev, snapshot: undefined };
    const record = sealed
      ? writeRecord({
          place: { mailbox, document },
          head,
          key: documentKey(epoch, document),
          name,
          payload: { kind: 'update', update },
          random: pooledRandom,
        })
      : plainRecord(writer, seq + 1, name, update);
    counts.set(name, { seq: seq + 1, prev: sealed ? recordHash(nodeCrypto, record) : noRecord });
    return { document, record };
  }

  function take(document: string, record: Uint8Array): void {
    if (!sealed) {
      if (!readHead(record)) throw new Error('no record came');
      return;
    }
    const keyring = { byMark: (one: string) => (one === mark ? epoch : undefined), all: () => [epoch] };
    const place = places.get(document) ?? unread(nodeCrypto, { mailbox, incarnation, document }, undefined);
    const known = (name: string): string => ids.get(name) ?? '';
    const opened = openRecord(
      { crypto: nodeCrypto, keyring, at: { mailbox, document }, idOf: known },
      place,
      record,
    );
    if (opened === 'unknown_epoch' || !opened.payload || opened.alarm)
      throw new Error('it could not be opened');
    places.set(document, opened.place);
  }

  const before = process.cpuUsage();
  const began = performance.now();
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    let came = 0;
    const append = (): void => {
      if (sent >= count) return;
      from.send({ type: 'append', tag: sent, ...make(sent) });
      sent += 1;
    };
    from.onMessage((message) => {
      if (message.type === 'appended') append();
      else if (message.type === 'error' || message.type === 'bye') reject(new Error(JSON.stringify(message)));
    });
    to.onMessage((message) => {
      if (message.type !== 'entry') return;
      try {
        take(message.document, message.record);
      } catch (error) {
        reject(error);
      }
      came += 1;
      if (came === count) resolve();
    });
    for (let ahead = 0; ahead < window; ahead++) append();
  });
  const took = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  from.close();
  to.close();
  if (sealed)
    for (const [document, { chain }] of places)
      if (chain === chainStart(nodeCrypto, { mailbox, incarnation, document }))
        throw new Error('nothing came');
  return { rate: (count / took) * 1000, ends: (user + system) / count };
}

/** The same length, and nothing of it sealed. */
function plainRecord({ publicKey }: Signer, seq: number, name: string, update: Uint8Array): Uint8Array {
  const small: number[] = [];
  let rest = seq;
  for (; rest > 127; rest = Math.floor(rest / 128)) small.push((rest % 128) | 128);
  small.push(rest);
  return Buffer.concat([
    Uint8Array.of(1, 0),
    Buffer.alloc(32, 7),
    Buffer.from(publicKey, 'base64url'),
    Uint8Array.from(small),
    Buffer.from(noRecord, 'base64url'),
    Buffer.alloc(40, 5),
    Buffer.from(name),
    update,
  ]);
}
