import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { recordHash } from '../../../src/seal/chain.ts';
import { documentIds, documentKey, epochMark, mailboxId } from '../../../src/seal/names.ts';
import { noRecord, readHead, writeRecord } from '../../../src/seal/record.ts';
import { createMemoryStore } from '../../../src/storage/store/memory.ts';
import { meet, type Peer, peers } from '../../replica/sync/support.ts';
import { openRig } from '../mailbox/support.ts';
import { link, shows, textsOf } from './support.ts';

it('SLR-20: what waits for what it follows is read again after a restart', async () => {
  const [ana, bo] = (await peers(['ana', 'bo'])) as [Peer, Peer];
  for (const { replica } of [ana, bo]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana, bo);
  const rig = openRig();
  const first = await link(ana, rig);
  await first.settled();
  await meet(ana, bo);
  const store = createMemoryStore();
  const second = await link(bo, rig, { store });
  await second.settled();
  await ana.replica.messages.post('general', { text: 'before' });
  await shows(bo, 'before');
  await Promise.all([first.settled(), second.settled()]);
  await first.cut();
  await second.cut();

  // Two updates of ana, in one order after the other.
  for (const text of ['one', 'two']) await ana.replica.messages.post('general', { text });
  const [one, two] = ana.updates.slice(-2);
  expect(two!.document).toBe(one!.document);
  const name = one!.document;
  const { keyring, publicKey } = ana.source;
  const mailbox = mailboxId(nodeCrypto, ana.source.workspace);
  const document = documentIds(mailbox, keyring.founding()!)(name);
  const client = rig.connect(
    { publicKey, id: ana.replica.id, sign: (bytes) => ana.source.sign(bytes) },
    mailbox,
  );
  await client.hello();
  client.send({ type: 'read', tag: 1, document, after: 0, max: 1_000_000 });
  const { records } = await client.next('records');
  const last = records.filter((record) => readHead(record)?.author === publicKey).at(-1);
  let { seq, hash } = last
    ? { seq: readHead(last)!.seq, hash: recordHash(nodeCrypto, last) }
    : { seq: 0, hash: noRecord };
  async function append(update: Uint8Array): Promise<void> {
    const epoch = keyring.current()!;
    const record = writeRecord({
      place: { mailbox, document },
      head: {
        epoch: epochMark(nodeCrypto, epoch.id),
        author: publicKey,
        seq: seq + 1,
        prev: hash,
        snapshot: undefined,
      },
      key: documentKey(epoch, document),
      name,
      payload: { kind: 'update', update },
      random: randomBytes,
    });
    [seq, hash] = [seq + 1, recordHash(nodeCrypto, record)];
    client.send({ type: 'append', tag: seq, document, record });
    await client.next('appended');
  }
  await append(two!.update);
  const between = await link(bo, rig, { store });
  await between.until(({ state }) => state === 'live');
  await between.cut();
  expect(await textsOf(bo)).not.toContain('two');
  await append(one!.update);
  const again = await link(bo, rig, { store });
  await shows(bo, 'two');
  expect(await textsOf(bo)).toContain('one');
  expect([...between.alarms, ...again.alarms, ...between.refused, ...again.refused]).toEqual([]);
});
