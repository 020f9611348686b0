import { setTimeout } from 'node:timers/promises';
import type { InboxItem } from '../../../schemas/index.ts';
import { type Call, misuse, type Team } from '../call.ts';
import { follow } from './follow.ts';

/** Between two looks at the inbox, ms: many events make one look. */
const PAUSE = 50;
/** Until the next try where the node did not answer, ms. */
const RETRY = 500;
const passing = ['unreachable', 'closed', 'busy', 'storage_failed'];

/** Cut short, and no error, once the signal aborts. */
const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  setTimeout(milliseconds, undefined, { signal }).catch(() => undefined);

/** A bell that rings once for any number of strokes since the last wait. */
function bell(signal: AbortSignal) {
  let rung = true;
  let ring: () => void = () => undefined;
  signal.addEventListener('abort', () => ring(), { once: true });
  return {
    strike() {
      rung = true;
      ring();
    },
    async wait() {
      if (!rung && !signal.aborted)
        await new Promise<void>((resolve) => {
          ring = resolve;
        });
      rung = false;
    },
  };
}

async function everyItem(team: Team): Promise<InboxItem[]> {
  const items: InboxItem[] = [];
  let cursor: string | undefined;
  do {
    const page = await team.inbox({ limit: 1000, ...(cursor === undefined ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

/** The kinds of inbox items that were asked for; undefined for all. */
export async function kindsAsked(call: Call): Promise<ReadonlySet<string> | undefined> {
  for (const flag of ['since', 'channel', 'by'])
    if (call.text(flag) !== undefined)
      throw await misuse(`--for me takes no --${flag}: it tells what needs you`);
  const typed = call.text('types')?.split(',');
  if (typed === undefined) return undefined;
  const { inboxKinds } = await import('../../../schemas/index.ts');
  const unknown = typed.find((kind) => !inboxKinds.some((one) => one === kind));
  if (unknown !== undefined)
    throw await misuse(
      `nothing in the inbox is of the kind ${unknown}`,
      `One of: ${inboxKinds.join(', ')}`,
      inboxKinds,
    );
  return new Set(typed);
}

/** What is open now; undefined when the node did not answer, as while it starts again. */
async function look(team: Team): Promise<InboxItem[] | undefined> {
  try {
    return await everyItem(team);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (passing.includes(code)) return undefined;
    throw error;
  }
}

/** Calls for each event of the feed, across restarts of the node, until it is aborted. */
async function listen(team: Team, call: Call, since: string, heard: () => void): Promise<void> {
  for await (const _ of follow(team, call, { since }, true)) heard();
}

/**
 * What needs the member: everything that is open and not among `done`, the first that came up first, then each as it
 * comes up, until it is aborted. `done` is kept to what is still open. Each event of the feed is a reason to look.
 */
export async function* needed(
  team: Team,
  call: Call,
  done: Set<string>,
  kinds: ReadonlySet<string> | undefined,
): AsyncIterable<InboxItem> {
  const { signal } = call;
  const looks = bell(signal);
  let failed: unknown;
  const { cursor } = await team.status();
  void listen(team, call, cursor, looks.strike).catch((error: unknown) => {
    failed = error;
    looks.strike();
  });
  while (!signal.aborted) {
    await looks.wait();
    if (failed !== undefined) throw failed;
    const items = signal.aborted ? [] : await look(team);
    if (items === undefined) looks.strike();
    else {
      const open = new Set(items.map(({ id }) => id));
      for (const id of done) if (!open.has(id)) done.delete(id);
    }
    for (const item of items ?? []) {
      if (done.has(item.id) || (kinds !== undefined && !kinds.has(item.kind))) continue;
      yield item;
      done.add(item.id);
    }
    await pause(items === undefined ? RETRY : PAUSE, signal);
  }
}
