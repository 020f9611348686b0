import { join } from 'node:path';
import { expect } from 'vitest';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { type Client, createClient } from '../../../src/client/index.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import { mailboxId } from '../../../src/seal/names.ts';
import { readHead } from '../../../src/seal/record.ts';
import { nodeChild, relayChild, type Started } from './child.ts';
import { linked, machine, once, shows, textsOf } from './machines.ts';
import { dial } from './support.ts';

const nonceBytes = 24;

const varuint = (value: number): number => {
  let bytes = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
};

/** The nonce of a record: it stands behind the head. */
export function nonceOf(record: Uint8Array): string {
  const head = readHead(record);
  if (!head) throw new Error('no record');
  const { seq, snapshot } = head;
  const length = 2 + 32 + 32 + varuint(seq) + 32 + (snapshot ? varuint(snapshot.to) + 32 : 0);
  return Buffer.from(record.subarray(length, length + nonceBytes)).toString('hex');
}

/**
 * A replica that writes into a mailbox, and its relay, are killed in turn while records are on their way; another replica
 * reads there. In the end it has all that the writer acknowledged, neither suspects the relay, no nonce is there twice,
 * and each author counted its records on.
 */
export async function killedInTurn(root: string, rounds: number, each: number): Promise<void> {
  const [config, directory, relayDirectory] = ['config', 'kai', 'relay'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  const start = async (state: string): Promise<Started<{ readonly url: string }> & { client: Client }> => {
    const one = await nodeChild(directory, config, join(root, state));
    return {
      ...one,
      client: createClient({ url: one.told.url, token: tokenOf(directory, 'kai'), member: 'kai' }),
    };
  };
  let writer = await start('home');
  await writer.client.messages.post('general', { text: 'first' });
  const before = await machine(root, 'bo', 'home');
  await before.client.messages.post('general', { text: 'second' });
  await shows(before, 'first');
  await once(before, async () =>
    (await writer.client.messages.list('general')).items.some(({ text }) => text === 'second'),
  );
  await before.node.close();
  await writer.kill();

  let relay = await relayChild(relayDirectory);
  const { url, key, code } = relay.told;
  const port = Number(new URL(url).port);
  writer = await start('apart');
  await writer.client.remotes.add({ url, code });
  const reader = await machine(root, 'bo', 'away', [url]);
  await linked(reader);

  const acknowledged: string[] = [];
  let count = 0;
  for (let round = 0; round < rounds; round++) {
    const wanted = acknowledged.length + each;
    let on = true;
    let begun = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { client } = writer;
    const write = async (): Promise<void> => {
      while (on) {
        const text = `message ${++count}`;
        try {
          await client.messages.post('general', { text });
          acknowledged.push(text);
        } catch {
          return;
        }
        begun();
        if (acknowledged.length >= wanted) on = false;
      }
    };
    const writing = Promise.all([write(), write(), write(), write()]);
    // Once some of this round went through the relay, others are under way.
    await Promise.race([first, writing]);
    await shows(reader, acknowledged[wanted - each] ?? 'nothing was acknowledged');
    await (round % 2 === 0 ? writer : relay).kill();
    await writing;
    on = false;
    if (round % 2 === 0) writer = await start('apart');
    else relay = await relayChild(relayDirectory, { port });
  }
  await once(reader, async () => {
    const there = new Set(await textsOf(reader));
    return acknowledged.every((text) => there.has(text));
  });
  await linked(reader);
  await once(reader, async () =>
    (await writer.client.remotes.list()).items.every(({ state, lag }) => state === 'linked' && lag === 0),
  );
  for (const client of [writer.client, reader.client])
    for (const { alarms } of (await client.remotes.list()).items) expect(alarms).toEqual([]);
  await checkRecords();

  async function checkRecords(): Promise<void> {
    const source = syncSourceOf(reader.node.replica);
    const signer = {
      id: reader.node.replica.id,
      publicKey: source.publicKey,
      sign: (bytes: Uint8Array) => source.sign(bytes),
    };
    const client = await dial({ url, key }, signer, mailboxId(nodeCrypto, reader.node.replica.workspace.id));
    await client.hello();
    client.send({ type: 'inventory', after: '' });
    const { documents } = await client.next('inventory');
    const nonces: string[] = [];
    for (const { document, base, last } of documents) {
      const counts = new Map<string, number[]>();
      for (let at = base; at < last; ) {
        client.send({ type: 'read', tag: 0, document, after: at, max: 1_000_000 });
        const { records } = await client.next('records');
        at += records.length;
        for (const record of records) {
          nonces.push(nonceOf(record));
          const { author = '', seq = 0 } = readHead(record) ?? {};
          counts.set(author, [...(counts.get(author) ?? []), seq]);
        }
      }
      for (const counted of counts.values()) {
        const [from = 0] = counted;
        if (base === 0) expect(from).toBe(1);
        expect(counted).toEqual(counted.map((_, i) => from + i));
      }
    }
    expect(nonces.length).toBeGreaterThan(rounds);
    expect(new Set(nonces).size).toBe(nonces.length);
  }
}
