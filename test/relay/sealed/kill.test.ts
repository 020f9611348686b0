import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import {
  type Client,
  chainOf,
  hashOfRecord,
  listOf,
  newId,
  newSigner,
  recordBy,
} from '../../seal/mailbox/support.ts';
import { scratch } from '../../support/scratch.ts';
import { randomFrom, runSeed } from '../../support/storage.ts';
import { dial } from './support.ts';

const main = new URL('../../../dist/relay/cli/coterie.cjs', import.meta.url).pathname;

interface Told {
  readonly url: string;
  readonly key: string;
  readonly code: string;
}

/** The command line's own relay, as a process. */
async function start(directory: string): Promise<{ child: ChildProcess; told: Told }> {
  const args = [main, 'relay', '--sealed', '--port', '0', '--data', directory, '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes('\n')) break;
  }
  return { child, told: JSON.parse(said) as Told };
}

/** Records by their place: `<document>/<offset>`, and what each is, as a hash. */
class Known extends Map<string, string> {
  #enough: (() => void) | undefined;
  #least = 0;
  override set(place: string, hash: string): this {
    super.set(place, hash);
    if (this.size >= this.#least) this.#enough?.();
    return this;
  }
  /** Resolves when there are so many. */
  reaches(least: number): Promise<void> {
    this.#least = least;
    return new Promise((resolve) => {
      this.#enough = resolve;
    });
  }
}

/** Appends records, so many ahead of what is acknowledged, until the relay is gone. */
async function write(client: Client, documents: readonly string[], known: Known): Promise<void> {
  const sent: Uint8Array[] = [];
  const append = (): void => {
    const document = documents[sent.length % documents.length] as string;
    const record = recordBy(client.signer, { size: 100 + (sent.length % 7) * 300 });
    client.send({ type: 'append', tag: sent.length, document, record });
    sent.push(record);
  };
  for (let ahead = 0; ahead < 30; ahead++) append();
  try {
    for (;;) {
      const { document, offset, tag } = await client.next('appended');
      known.set(`${document}/${offset}`, hashOfRecord(sent[tag] as Uint8Array));
      append();
    }
  } catch {
    // It was killed.
  }
}

async function watch(client: Client, known: Known): Promise<void> {
  client.send({ type: 'subscribe' });
  try {
    for (;;) {
      const { document, offset, record } = await client.next('entry');
      known.set(`${document}/${offset}`, hashOfRecord(record));
    }
  } catch {
    // It was killed.
  }
}

/** Reads all of a document. */
async function all(client: Client, document: string): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for (let last = false; !last; ) {
    client.send({ type: 'read', tag: 0, document, after: records.length, max: 100_000 });
    const piece = await client.next('records');
    expect(piece.from).toBe(records.length + 1);
    records.push(...piece.records);
    last = piece.last;
  }
  return records;
}

it('SLD-32: a relay that is killed while records come has all that it acknowledged or showed, and the chain is whole', async () => {
  const seed = runSeed();
  console.info(`seed ${seed}`);
  const random = randomFrom(seed);
  const directory = scratch();
  const [owner, other, mailbox] = [newSigner(), newSigner(), newId()];
  const documents = [newId(), newId(), newId()];
  const known = new Known();
  for (let round = 0; round < 3; round++) {
    const { child, told } = await start(directory);
    const admin = await dial(told, owner, mailbox);
    let { incarnation, list } = await admin.hello();
    if (list === 0) {
      expect(round).toBe(0);
      admin.send({
        type: 'create',
        tag: 1,
        list: await listOf(owner, { mailbox, keys: [other] }),
        code: told.code,
      });
      ({ incarnation, list } = await admin.next('hello'));
    }
    const reader = await dial(told, other, mailbox);
    await reader.hello();
    reader.send({ type: 'inventory', after: '' });
    const { documents: extents } = await reader.next('inventory');
    const found = new Map<string, string>();
    for (const { document, last, chain } of extents) {
      const records = await all(reader, document);
      expect(records).toHaveLength(last);
      expect(chainOf({ mailbox, incarnation, document }, records)).toBe(chain);
      for (const [i, record] of records.entries()) found.set(`${document}/${i + 1}`, hashOfRecord(record));
    }
    for (const [place, hash] of known) expect(found.get(place), place).toBe(hash);

    const before = known.size;
    const enough = known.reaches(before + 100 + random(400));
    const ends = [watch(reader, known), write(admin, documents, known)];
    const writer = await dial(told, other, mailbox);
    await writer.hello();
    ends.push(write(writer, documents, known));
    await enough;
    child.kill('SIGKILL');
    await Promise.all([once(child, 'close'), ...ends]);
    expect(known.size).toBeGreaterThan(before);
  }
});
