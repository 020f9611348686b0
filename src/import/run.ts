import type { ImportSummary, OperationTypeName } from '../../schemas/index.ts';
import type { LongWork } from '../replica/surface.ts';
import { type Draft, type Importer, type ImportSink, isDraft, type SetAside, type Written } from './draft.ts';

/** Drafts written at once: enough to fill a commit group, few enough to keep the event loop free. */
const batchSize = 256;

/** What the summary calls an operation of a type. */
const nouns: Partial<Record<OperationTypeName, string>> = {
  'member.create': 'members',
  'channel.create': 'channels',
  'channel.update': 'channel changes',
  'message.create': 'messages',
  'message.react': 'reactions',
  'message.pin': 'pins',
  'thread.resolve': 'resolved threads',
  'task.create': 'tasks',
  'task.update': 'task changes',
  'task.move': 'moves',
  'task.link': 'links',
  'comment.create': 'comments',
  'memory.create': 'memory',
  'memory.forget': 'forgotten memory',
  redact: 'removals',
};

const nounOf = (draft: Draft): string => nouns[draft.type] ?? draft.type;

/**
 * Runs an import to its end: writes drafts in batches, in order, and tallies what became of them. Reports progress
 * after each batch.
 * @throws what the importer, the sink or the signal raise; what was written until then stays and is `present` in a repeat
 */
export async function runImport(
  importer: Importer,
  sink: ImportSink,
  work: LongWork = {},
): Promise<ImportSummary> {
  const started = performance.now();
  const tally = makeTally();
  let batch: Draft[] = [];

  const flush = async (): Promise<void> => {
    work.signal?.throwIfAborted();
    if (batch.length > 0) tally.add(batch, await sink.write(batch));
    batch = [];
    work.progress?.(importer.progress());
  };

  for await (const item of importer.drafts(work.signal)) {
    if (!isDraft(item)) {
      tally.setAside.push(item);
      continue;
    }
    batch.push(item);
    if (batch.length >= batchSize) await flush();
  }
  await flush();

  return {
    format: importer.format,
    read: { ...importer.read },
    written: tally.written.counts(),
    present: tally.present.counts(),
    setAside: tally.setAside,
    seconds: Math.round(performance.now() - started) / 1000,
  };
}

/** Counts by noun; a thread is counted once, with its first reply. */
function makeCounter() {
  const counts: Record<string, number> = {};
  const threads = new Set<string>();
  return {
    add(draft: Draft): void {
      const noun = nounOf(draft);
      counts[noun] = (counts[noun] ?? 0) + 1;
      const thread = draft.data['thread'];
      if (draft.type === 'message.create' && typeof thread === 'object' && thread !== null)
        threads.add((thread as { $ref: string }).$ref);
    },
    counts: (): Record<string, number> =>
      threads.size > 0 ? { ...counts, threads: threads.size } : { ...counts },
  };
}

function makeTally() {
  const written = makeCounter();
  const present = makeCounter();
  const setAside: SetAside[] = [];
  return {
    written,
    present,
    setAside,
    add(batch: readonly Draft[], results: readonly Written[]): void {
      for (const [i, draft] of batch.entries()) {
        const result = results[i];
        if (result?.state === 'written') written.add(draft);
        else if (result?.state === 'present') present.add(draft);
        else
          setAside.push({
            what: nounOf(draft),
            source: draft.imported.source,
            reason: result?.state === 'rejected' ? result.reason : 'was not answered',
          });
      }
    },
  };
}
