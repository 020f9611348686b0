import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { confirmBytes } from '../../../src/seal/admitted.ts';
import { chainOf, hashOfRecord, newId, newSigner, recordBy } from '../../seal/mailbox/support.ts';
import { dial, foundAt, startRelay } from './support.ts';

/** The files below a directory that hold these bytes. */
function holding(directory: string, bytes: Uint8Array): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .filter((path) => readFileSync(path).includes(Buffer.from(bytes)));
}

it('SLD-12: what was trimmed is off the disk soon after', async () => {
  const relay = await startRelay();
  onTestFinished(() => relay.close());
  const reader = newSigner();
  const { admin, mailbox, hello } = await foundAt(relay, [reader]);
  const [document, other] = [newId(), newId()];
  // Nothing that compresses, so that it is found as it is.
  const canary = randomBytes(64);
  const first = Buffer.concat([recordBy(admin.signer), canary]);
  const stays = Buffer.concat([recordBy(admin.signer), randomBytes(64)]);
  admin.send(
    { type: 'append', tag: 1, document, record: first },
    { type: 'append', tag: 2, document: other, record: stays },
  );
  await admin.answer(2);
  expect(holding(relay.directory, canary)).not.toEqual([]);
  const at = { mailbox, document, incarnation: hello.incarnation };
  const record = recordBy(admin.signer, { snapshot: { to: 1, chain: chainOf(at, [first]) } });
  admin.send({ type: 'append', tag: 3, document, record });
  await admin.answer(3);
  const client = await dial(relay, reader, mailbox);
  await client.hello();
  const sig = await reader.sign(confirmBytes({ ...at, offset: 2, record: hashOfRecord(record) }));
  client.send({ type: 'confirm', tag: 1, document, offset: 2, sig });
  expect(await client.answer(1)).toMatchObject({ type: 'ok' });
  await vi.waitFor(() => expect(holding(relay.directory, canary)).toEqual([]), { timeout: 60_000 });
  client.send({ type: 'read', tag: 2, document: other, after: 0, max: 1_000 });
  expect((await client.next('records')).records.map(hashOfRecord)).toEqual([hashOfRecord(stays)]);
});
