import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/storage/store/memory.ts';
import { chainOf, founded, newId, newSigner, openRig, recordBy } from './support.ts';

describe('records of a sealed mailbox', () => {
  it('SLD-5: a record is acknowledged with offset and chain once it is durable, and others get it then', async () => {
    const store = createMemoryStore();
    const rig = openRig({ store });
    const reader = newSigner();
    const { admin, mailbox, hello } = await founded(rig, [reader]);
    const other = rig.connect(reader, mailbox);
    await other.hello();
    other.send({ type: 'subscribe' });
    admin.send({ type: 'subscribe' });
    const document = newId();
    const records = [recordBy(admin.signer), recordBy(admin.signer, { size: 5_000 })] as const;
    const release = store.faults.hold();
    admin.send(
      { type: 'append', tag: 7, document, record: records[0] },
      { type: 'append', tag: 8, document, record: records[1] },
      { type: 'inventory', after: '' },
    );
    // Nothing of it is told before.
    expect(await admin.next('inventory')).toEqual({ type: 'inventory', last: true, documents: [] });
    expect(admin.came).toEqual([]);
    expect(other.came).toEqual([]);
    release();
    const at = { mailbox, document, incarnation: hello.incarnation };
    for (const [i, record] of records.entries()) {
      const chain = chainOf(at, records.slice(0, i + 1));
      expect(await admin.answer(7 + i)).toEqual({
        type: 'appended',
        tag: 7 + i,
        document,
        offset: i + 1,
        chain,
      });
      const entry = await other.next('entry');
      expect(entry).toMatchObject({ document, offset: i + 1 });
      expect(Buffer.from(entry.record).equals(record)).toBe(true);
    }
    // Its own records do not come back to it.
    admin.send({ type: 'ping', number: 1 });
    await admin.next('pong');
    expect(admin.came).toEqual([]);
  });
});
