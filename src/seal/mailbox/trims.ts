import type { Store, Write } from '../../storage/port.ts';
import { rangeOf } from './rows.ts';

/**
 * Documents of which records went and may still be on the disk. Each has a row until its place was rewritten, so that a
 * process that ends before that does it when it runs again.
 */
export interface Trims {
  /** The row that goes with a trim. */
  note(mailbox: string, document: string): Write;
  /** Rewrites the places of those that are known, one at a time. A call while one is under way does nothing. */
  rewrite(): Promise<void>;
  /** Resolves when nothing is under way; nothing begins any more. */
  close(): Promise<void>;
}

const all = { gte: 't/', lt: 't0' };
const atOnce = 100;

export function openTrims(store: Pick<Store, 'list' | 'commit' | 'compact'>): Trims {
  /** The newest number of each row since the start, landed or not. */
  const newest = new Map<string, number>();
  let number = 0;
  // What the process before this one left.
  let waiting = true;
  let running: Promise<void> | undefined;
  let closed = false;

  async function run(): Promise<void> {
    waiting = false;
    const rows = await store.list({ ...all, limit: atOnce });
    if (rows.length === atOnce) waiting = true;
    for (const [key, value] of rows) {
      if (closed) return;
      const [, mailbox = '', document = ''] = key.split('/');
      await store.compact(rangeOf(mailbox, 'r', document));
      // What was trimmed meanwhile needs another round.
      const known = newest.get(key);
      if (known !== undefined && known !== Number(Buffer.from(value).toString('utf8'))) {
        waiting = true;
        continue;
      }
      newest.delete(key);
      await store.commit([[key, undefined]]);
    }
  }

  return {
    note(mailbox, document) {
      const key = `t/${mailbox}/${document}`;
      number += 1;
      newest.set(key, number);
      waiting = true;
      return [key, Buffer.from(String(number))];
    },
    async rewrite() {
      if (closed || running || !waiting) return;
      running = run().finally(() => {
        running = undefined;
      });
      await running;
    },
    async close() {
      closed = true;
      await running?.catch(() => undefined);
    },
  };
}
