import { describe, expect, it } from 'vitest';
import type { CatchUp, Event } from '../../schemas/index.ts';
import { chained, memory } from './support/memory.ts';
import { feedOf, healthy, home, open, refused, reopen } from './support/open.ts';

const number = (cursor: string | undefined): number => Number(cursor?.split('.')[1]);
const counted = (answer: CatchUp): number =>
  answer.items.reduce((sum, item) => sum + (item.kind === 'range' ? item.count : 1), 0);
const shown = (answer: CatchUp): string[] =>
  answer.items.flatMap((item) => (item.kind === 'operation' ? [item.event.operation] : []));

describe('REP-16 a receipt', () => {
  it('of before a compaction acknowledges nothing that it did not show', async () => {
    const at = home();
    let kai = await open(at);
    await kai.as('bo').messages.post('general', { text: 'I am bo' });
    await kai.messages.post('general', { text: 'seen' });
    const { receipt, pending } = await kai.as('bo').catchUp();
    expect(pending).toBe(1);
    for (let i = 0; i < 20; i++) await kai.messages.post('general', { text: `unseen ${i}` });
    await kai.compact({ keep: 5 });
    await refused(kai.as('bo').acknowledge({ receipt }), 'receipt_unknown');
    kai = await reopen(kai, at);
    const bo = kai.as('bo');
    await refused(bo.acknowledge({ receipt }), 'receipt_unknown');
    const later = await bo.catchUp();
    expect(later.pending).toBe(21);
    expect(counted(later)).toBe(21);
    await kai.messages.post('general', { text: 'after' });
    // What is in the part that is kept can be told.
    expect(await bo.acknowledge({ receipt: later.receipt })).toMatchObject({ acknowledged: 21, pending: 1 });
    const last = await bo.catchUp();
    await kai.compact({ keep: 0 });
    expect(await bo.acknowledge({ receipt: last.receipt })).toMatchObject({ acknowledged: 1, pending: 0 });
  });

  it('given while others write covers all that it showed or counted, and nothing else', async () => {
    const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    // A commit takes a moment, and so does a look, so that some lie before and some after one.
    const disk = memory({ delay: () => pause(6) });
    const { list } = disk.store;
    disk.store.list = async (range) => {
      if (range.gte === 'v/head/') await pause(1);
      return list(range);
    };
    const kai = await disk.open();
    const bo = kai.as('bo');
    await bo.messages.post('general', { text: 'I am bo' });
    let stop = false;
    let posted = 0;
    const writing = Promise.all(
      Array.from({ length: 6 }, async (_, w) => {
        for (let i = 0; !stop; i++) {
          await kai.as(`w${w}`).messages.post(i % 2 ? 'general' : 'dev', { text: `${w} ${i}` });
          posted++;
        }
      }),
    );
    const seen = new Set<string>();
    let acknowledged = 0;
    for (let k = 0; k < 80; k++) {
      const answer = await bo.catchUp({ limit: k % 2 ? 3 : 50 });
      for (const id of shown(answer)) {
        expect(seen.has(id), 'it was acknowledged and is shown again').toBe(false);
        seen.add(id);
      }
      expect(counted(answer)).toBe(answer.pending);
      const result = await bo.acknowledge({ receipt: answer.receipt });
      expect(result.acknowledged, `${k}`).toBe(answer.pending);
      acknowledged += result.acknowledged;
      if (k % 8 === 0) await pause(2);
    }
    stop = true;
    await writing;
    const rest = await bo.catchUp();
    expect(acknowledged).toBeGreaterThan(0);
    expect(acknowledged + rest.pending).toBe(posted);
  });
});

describe('REP-14 a stream', () => {
  it('that compaction overtakes is told of the gap, and skips nothing in silence', async () => {
    const kai = await open();
    await kai.messages.post('general', { text: 'first' });
    const stream = kai.events({ since: '0' })[Symbol.asyncIterator]();
    const events: Event[] = [(await stream.next()).value as Event];
    await Promise.all(
      Array.from({ length: 400 }, (_, i) => kai.messages.post('general', { text: `while it waits ${i}` })),
    );
    await kai.compact({ keep: 5 });
    const kept = await feedOf(kai);
    expect(kept[0]?.type).toBe('gap');
    const last = await kai.messages.post('general', { text: 'last' });
    while (events.at(-1)?.operation !== last.id) events.push((await stream.next()).value as Event);
    await stream.return?.();
    let at = 0;
    let gaps = 0;
    for (const { type, cursor, data } of events) {
      if (type === 'gap') {
        gaps++;
        expect(data).toEqual({ from: at + 1, to: number(cursor) });
      } else expect(number(cursor)).toBe(at + 1);
      at = number(cursor);
    }
    expect(gaps).toBe(1);
    expect(events.slice(-6, -1)).toEqual(kept.slice(1));
  });
});

describe('REP-5 STO-10 an idempotency key', () => {
  it('holds over views made anew: another request is refused, the same is answered with the first', async () => {
    const disk = memory();
    let kai = await disk.open();
    const first = await kai.messages.post('general', { text: 'text' }, { key: 'post' });
    await kai.messages.edit(first.id, { text: 'edited' }, { key: 'edit' });
    await kai.messages.react(first.id, 'eyes', { key: 'react' });
    // Nothing to change: no operation stands for it.
    await kai.messages.react(first.id, 'eyes', { key: 'again' });
    const task = await kai.tasks.create({ title: 'T' }, { key: 'task' });
    const gone = await kai.messages.post('general', { text: 'gone' }, { key: 'gone' });
    await kai.messages.redact(gone.id);
    for (let round = 0; round < 2; round++) {
      await kai.close();
      await disk.store.commit([['meta/views', new TextEncoder().encode('0')]]);
      kai = await disk.open();
      await refused(kai.messages.post('general', { text: 'other' }, { key: 'post' }), 'key_reused');
      await refused(kai.messages.post('dev', { text: 'text' }, { key: 'post' }), 'key_reused');
      await refused(kai.messages.edit(first.id, { text: 'other' }, { key: 'edit' }), 'key_reused');
      await refused(kai.messages.react(first.id, 'x', { key: 'react' }), 'key_reused');
      await refused(kai.messages.react(first.id, 'x', { key: 'again' }), 'key_reused');
      await refused(kai.tasks.create({ title: 'U' }, { key: 'task' }), 'key_reused');
      const { operations } = (await kai.status()).counts;
      expect((await kai.messages.post('general', { text: 'text' }, { key: 'post' })).id).toBe(first.id);
      await kai.messages.edit(first.id, { text: 'edited' }, { key: 'edit' });
      await kai.messages.react(first.id, 'eyes', { key: 'react' });
      expect((await kai.tasks.create({ title: 'T' }, { key: 'task' })).id).toBe(task.id);
      expect((await kai.messages.post('general', { text: 'gone' }, { key: 'gone' })).id).toBe(gone.id);
      expect((await kai.status()).counts.operations).toBe(operations);
    }
    await chained(disk.store);
    await healthy(kai);
  });
});
