import { describe, expect, it } from 'vitest';
import type { Progress } from '../../schemas/index.ts';
import { type Draft, type Importer, ref } from '../../src/import/draft.ts';
import { runImport } from '../../src/import/run.ts';
import { memorySink } from './support/sink.ts';

const member = (n: number): Draft => ({
  ref: `test:${n}`,
  log: { kind: 'members' },
  type: 'member.create',
  data: { handle: `m${n}`, kind: 'human' },
  imported: { at: n, source: `test:${n}` },
});

const importer = (
  items: readonly (Draft | { what: string; source: string; reason: string })[],
): Importer => ({
  format: 'test',
  read: { members: items.length },
  progress: () => ({ stage: 'test', done: 1, total: 2 }),
  async *drafts() {
    yield* items;
  },
});

describe('runImport', () => {
  it('writes in batches, in order, and reports progress', async () => {
    const sink = memorySink();
    const sizes: number[] = [];
    const progress: Progress[] = [];
    const counting = {
      write: (drafts: readonly Draft[]) => {
        sizes.push(drafts.length);
        return sink.write(drafts);
      },
    };
    const all = Array.from({ length: 600 }, (_, n) => member(n));
    const summary = await runImport(importer(all), counting, { progress: (step) => progress.push(step) });
    expect(sizes).toEqual([256, 256, 88]);
    expect(progress).toHaveLength(3);
    expect(sink.stored.map(({ draft }) => draft)).toEqual(all);
    expect(summary).toMatchObject({
      format: 'test',
      read: { members: 600 },
      written: { members: 600 },
      present: {},
    });
  });

  it('lists what the sink rejects, with the reason', async () => {
    const lost: Draft = { ...member(1), type: 'message.pin', subject: ref('test:none'), data: {} };
    const noted = { what: 'thing', source: 'test:x', reason: 'why' };
    const summary = await runImport(importer([noted, lost, member(2)]), memorySink());
    expect(summary.written).toEqual({ members: 1 });
    expect(summary.setAside).toEqual([
      noted,
      { what: 'pins', source: 'test:1', reason: 'unknown reference test:none' },
    ]);
  });

  it('ends when the signal aborts; what was written stays', async () => {
    const sink = memorySink();
    const abort = new AbortController();
    const all = Array.from({ length: 600 }, (_, n) => member(n));
    const work = runImport(importer(all), sink, { signal: abort.signal, progress: () => abort.abort() });
    await expect(work).rejects.toThrow();
    expect(sink.stored).toHaveLength(256);
  });
});
