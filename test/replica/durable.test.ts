import { describe, expect, it } from 'vitest';
import { keys, type OperationRow, under } from '../../src/replica/commit/rows.ts';
import type { Replica } from '../../src/replica/surface.ts';
import type { Write } from '../../src/storage/port.ts';
import { chained, type Memory, memory, rowsUnder } from './support/memory.ts';
import { allOf, healthy } from './support/open.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await done()); tries++) {
    if (tries > 1000) throw new Error('it does not come about');
    await pause(5);
  }
}

/** Keys of every batch from now on. */
function batches(disk: Memory): string[][] {
  const found: string[][] = [];
  const { commit } = disk.store;
  disk.store.commit = (writes: readonly Write[]) => {
    found.push(writes.map(([key]) => key));
    return commit(writes);
  };
  return found;
}

const logOf = async (kai: Replica, channel: string): Promise<string> =>
  `log/channel.${(await kai.channels.get(channel)).id}`;

describe('a write', () => {
  it('STO-1 is shown, sent and answered after all that follows from it is on disk in one batch', async () => {
    const disk = memory();
    const kai = await disk.open();
    const rin = kai.as('rin');
    await rin.messages.post('general', { text: 'first' });
    const stream = kai.events()[Symbol.asyncIterator]();
    let sent = false;
    const event = stream.next().then(({ value }) => {
      sent = true;
      return value;
    });
    const written = batches(disk);
    const release = disk.store.faults.hold();
    let answered = false;
    const posting = rin.messages.post('general', { text: 'held' }).then((message) => {
      answered = true;
      return message;
    });
    await until(() => written.length > 0);
    await pause(20);
    expect({ sent, answered }).toEqual({ sent: false, answered: false });
    expect((await kai.messages.list('general')).items.map(({ text }) => text)).toEqual(['first']);
    expect((await kai.catchUp()).pending).toBe(1);
    release();
    const { id } = await posting;
    expect(await event).toMatchObject({ operation: id });
    expect(written).toHaveLength(1);
    const prefixes = ['op/', 'v/message/', 'v/chain/', 'v/head/', 'feed/', 'rec/', 'tail/', 'meta/counters'];
    for (const prefix of prefixes)
      expect(
        written[0]?.some((key) => key.startsWith(prefix)),
        prefix,
      ).toBe(true);
    expect(written[0]).toContain(keys.operation(id));
    await stream.return?.();
  });

  it('STO-2 is made on the rows as they will be, and shares a batch of at most 32 operations', async () => {
    const disk = memory({ delay: () => pause(2) });
    const kai = await disk.open();
    const task = await kai.tasks.create({ title: 'T' });
    const written = batches(disk);
    await Promise.all(Array.from({ length: 300 }, (_, i) => kai.messages.post('general', { text: `${i}` })));
    const sizes = written.map((batch) => batch.filter((key) => key.startsWith('op/')).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(300);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32);
    expect(Math.max(...sizes)).toBeGreaterThan(8);
    const claims = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => kai.as(`m${i}`).tasks.claim(task.id)),
    );
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await chained(disk.store);
  });
});

describe('checkpoints', () => {
  it('STO-6 STO-7 are said after they are written, and trim what the one before held; operations stay', async () => {
    const disk = memory();
    const kai = await disk.open();
    const order: string[] = [];
    const { commit } = disk.store;
    const { merge } = disk.documents;
    disk.documents.merge = async (name, updates) => {
      const standing = await merge(name, updates);
      order.push(`written ${name}`);
      return standing;
    };
    disk.store.commit = (writes) => {
      for (const [key, value] of writes) {
        if (key.startsWith('checkpoint/')) order.push(`said ${key.slice('checkpoint/'.length)}`);
        if (key.startsWith('rec/') && value === undefined)
          order.push(`trimmed ${key.slice('rec/'.length, key.lastIndexOf('/'))}`);
      }
      return commit(writes);
    };
    for (let i = 0; i < 10; i++) await kai.messages.post(i % 2 ? 'general' : 'dev', { text: `m${i}` });
    const before = await disk.store.list(under('op/'));
    await kai.compact();
    const documents = [...new Set(order.map((step) => step.slice(step.indexOf(' ') + 1)))];
    expect(documents.length).toBeGreaterThan(3);
    for (const [i, document] of documents.entries()) {
      const steps = ['written', 'said', 'trimmed'].map((step) => order.indexOf(`${step} ${document}`));
      expect(
        steps.every((at) => at >= 0),
        document,
      ).toBe(true);
      expect(steps, document).toEqual([...steps].sort((a, b) => a - b));
      const next = documents[i + 1];
      // The records go only when the next document is stored as well.
      if (next !== undefined) expect(steps[2], document).toBeGreaterThan(order.indexOf(`written ${next}`));
    }
    expect(await disk.store.list(under('op/'))).toEqual(before);
    // A document that is lost all the same is made anew from the operations.
    disk.documents.faults.lose(`${await logOf(kai, 'general')}/1`);
    const again = await disk.open();
    const report = await again.doctor();
    expect(report.findings.filter(({ state }) => state === 'repaired')).toHaveLength(1);
    expect(report.ok).toBe(true);
    await healthy(await disk.open());
  });

  it('STO-8 come by themselves to a closed segment; writers wait while too much has none', async () => {
    const disk = memory();
    const kai = await disk.open();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { merge } = disk.documents;
    disk.documents.merge = async (name, updates) => {
      await held;
      return merge(name, updates);
    };
    const text = 'x'.repeat(60_000);
    let done = 0;
    const posting = (async () => {
      for (let i = 0; i < 320; i++) {
        await kai.messages.post('general', { text });
        done++;
      }
    })();
    let last = -1;
    await until(async () => {
      const stands = last === done && done > 0;
      last = done;
      if (!stands) await pause(100);
      return stands;
    });
    // 16 MB.
    expect(done).toBeGreaterThan(200);
    expect(done).toBeLessThan(300);
    release();
    await posting;
    expect(done).toBe(320);
    const log = await logOf(kai, 'general');
    await until(async () => (await disk.store.getConfirmed(keys.checkpoint(`${log}/1`))) !== undefined);
    await healthy(kai);
  });

  it('STO-16 of one document that fails do not stop the others, nor writers, and are made up for', async () => {
    const disk = memory();
    const timers: { task: () => void; ms: number }[] = [];
    const timer = (task: () => void, ms: number) => {
      const one = { task, ms };
      timers.push(one);
      return () => void timers.splice(timers.indexOf(one), 1);
    };
    const kai = await disk.open({ timer });
    const general = await logOf(kai, 'general');
    const dev = await logOf(kai, 'dev');
    const { merge } = disk.documents;
    let failing = true;
    disk.documents.merge = async (name, updates) => {
      if (failing && name === `${general}/1`) throw new Error('the test fails this document');
      return merge(name, updates);
    };
    const post = (channel: string, count: number) =>
      Promise.all(Array.from({ length: count }, (_, i) => kai.messages.post(channel, { text: `${i}` })));
    await post('general', 1010);
    await post('dev', 1010);
    const stored = async (document: string) =>
      (await disk.store.getConfirmed(keys.checkpoint(document))) !== undefined;
    await until(() => stored(`${dev}/1`));
    expect(await stored(`${general}/1`)).toBe(false);
    const report = await kai.doctor();
    expect(report.findings.find(({ what }) => what === 'checkpoints')).toMatchObject({ state: 'damaged' });
    await kai.messages.post('general', { text: 'goes on' });
    failing = false;
    await until(() => timers.some(({ ms }) => ms === 10_000));
    for (const { task } of timers.filter(({ ms }) => ms === 10_000)) task();
    await until(() => stored(`${general}/1`));
    await healthy(kai);
    expect(await allOf((page) => kai.messages.list('general', page))).toHaveLength(1011);
  });
});

describe('opening', () => {
  it('STO-9 loads no document and no history', async () => {
    const disk = memory();
    const kai = await disk.open();
    await Promise.all(Array.from({ length: 200 }, (_, i) => kai.messages.post('general', { text: `${i}` })));
    await kai.compact();
    await kai.messages.post('general', { text: 'last' });
    await kai.close();
    const looks: string[] = [];
    const { list, scan } = disk.store;
    disk.store.list = async (range) => {
      const rows = await list(range);
      if (rows.length > 32) looks.push(range.gte);
      return rows;
    };
    disk.store.scan = (range) => {
      looks.push(range.gte);
      return scan(range);
    };
    disk.documents.read = async (name) => {
      looks.push(name);
      return undefined;
    };
    await disk.open();
    expect(looks).toEqual([]);
  });

  it('STO-9 that was cut off at any commit is finished at the next', async () => {
    for (let cut = 0; ; cut++) {
      const disk = memory();
      const { commit } = disk.store;
      let count = 0;
      disk.store.commit = (writes) => {
        if (count++ === cut) disk.store.faults.failNext('torn', 100);
        return commit(writes);
      };
      const opened = await disk.open().then(
        async (kai) => kai.close(),
        () => 'cut',
      );
      const after = disk.crash();
      const kai = await after.open();
      expect((await kai.channels.list()).items).toHaveLength(5);
      await kai.messages.post('general', { text: 'here' });
      await chained(after.store);
      await healthy(kai);
      const members = (await rowsUnder<OperationRow>(after.store, 'op/')).filter(
        ([, { header }]) => header.log === 'members',
      );
      // The genesis, the admission of the replica, and who posted.
      expect(members).toHaveLength(3);
      if (opened === undefined) break;
      expect(cut).toBeLessThan(20);
    }
  });
});
