// Everything at once on one replica: 64 writers, checkpoints, an import and a reader.
import { openReplica, type Replica } from '../../src/index.ts';
import { answerOnce, given } from '../support/child.ts';
import { type Delays, watchDelay } from '../support/delay.ts';
import { introduced, postAll, posts, shared } from '../support/writers.ts';

export interface Loaded extends Delays {
  readonly posted: number;
  readonly imported: number;
  readonly pages: number;
  readonly seconds: number;
}

const { data, config, path, least } = given<{ data: string; config: string; path: string; least: number }>();

/** Reads pages of all channels, back to the beginning, and threads on the way. */
async function readPages(replica: Replica, until: AbortSignal): Promise<number> {
  let pages = 0;
  for (let turn = 0; !until.aborted; turn++) {
    let cursor: string | undefined;
    do {
      const channel = shared[turn % shared.length] as string;
      const page = await replica.messages.list(channel, { limit: 100, ...(cursor ? { cursor } : {}) });
      cursor = page.next;
      pages++;
      const [first] = page.items;
      if (first) await replica.messages.thread(first.id);
    } while (cursor !== undefined && !until.aborted && pages % 50 !== 0);
  }
  return pages;
}

await answerOnce(async (): Promise<Loaded> => {
  const replica = await openReplica({ directory: data, config, as: 'kai' });
  const surfaces = await introduced(replica);
  await postAll(surfaces, 64, posts(500, 7));
  const stop = new AbortController();
  const watch = watchDelay();
  const began = performance.now();
  function* until(): Generator<{ channel: string; text: string }> {
    for (const post of posts(1e9, 5)) {
      if (stop.signal.aborted) return;
      yield post;
    }
  }
  const writing = postAll(surfaces, 64, until());
  const reading = readPages(replica, stop.signal);
  const before = (await replica.status()).counts.messages;
  await replica.import({ format: 'slack', path });
  const left = least - (performance.now() - began);
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  stop.abort();
  const { count } = await writing;
  const pages = await reading;
  const seconds = (performance.now() - began) / 1000;
  const delays = watch();
  const after = (await replica.status()).counts.messages;
  await replica.close();
  return { ...delays, posted: count, imported: after - before - count, pages, seconds };
});
