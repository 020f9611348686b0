import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { CoterieError, type ErrorCode, type Event } from '../../../schemas/index.ts';
import type { Environment } from '../../../src/replica/environment.ts';
import { openReplica } from '../../../src/replica/open.ts';
import type { OpenOptions } from '../../../src/replica/options.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import { scratch } from '../../support/scratch.ts';

/** A place for one replica: its data and its user's configuration. */
export interface Home {
  readonly root: string;
  readonly directory: string;
  readonly config: string;
}

export function home(root: string = scratch()): Home {
  return { root, directory: join(root, 'data'), config: join(root, 'config') };
}

/** Opens the replica of a home as `kai`; it closes with the test. Survives a crash of the process, unless asked otherwise. */
export async function open(
  at: Home = home(),
  options: Partial<OpenOptions> = {},
  environment: Environment = {},
): Promise<Replica> {
  const replica = await openReplica(
    {
      directory: at.directory,
      config: at.config,
      as: 'kai',
      durability: 'os',
      embeddings: false,
      ...options,
    },
    environment,
  );
  onTestFinished(() => replica.close());
  return replica;
}

/** Closes and opens again, as a restart does. */
export async function reopen(
  replica: Replica,
  at: Home,
  options: Partial<OpenOptions> = {},
): Promise<Replica> {
  await replica.close();
  return open(at, options);
}

/** The error that a call ends with, which must be of that code. */
export async function refused(work: Promise<unknown>, code: ErrorCode): Promise<CoterieError> {
  const error = await work.then(
    (value) => new Error(`it was not refused but answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CoterieError);
  expect((error as CoterieError).code, (error as CoterieError).message).toBe(code);
  return error as CoterieError;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | undefined;
}

/** Everything that a list holds, read in pages. `between` runs after each page. */
export async function allOf<T>(
  read: (page: { limit: number; cursor?: string | undefined }) => Promise<Page<T>>,
  limit = 1000,
  between: () => Promise<unknown> = async () => undefined,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let pages = 0; ; pages++) {
    if (pages > 10_000) throw new Error('the list does not end');
    const page = await read({ limit, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    cursor = page.next;
    if (cursor === undefined) return items;
    await between();
  }
}

/** The first `count` events of a stream. */
export async function take<T>(stream: AsyncIterable<T>, count: number): Promise<T[]> {
  const items: T[] = [];
  if (count === 0) return items;
  for await (const item of stream) {
    items.push(item);
    if (items.length === count) break;
  }
  return items;
}

/** Everything that the feed holds now. */
export async function feedOf(replica: Replica, since = '0'): Promise<Event[]> {
  const { cursor } = await replica.status();
  const stop = new AbortController();
  const items: Event[] = [];
  if (Number(cursor.split('.')[1]) === Number(since.split('.')[1] ?? 0)) return [];
  for await (const event of replica.events({ since, signal: stop.signal })) {
    items.push(event);
    if (event.cursor === cursor) break;
  }
  stop.abort();
  return items;
}

export async function healthy(replica: Replica): Promise<void> {
  const report = await replica.doctor();
  expect(report.findings.filter(({ state }) => state !== 'ok')).toEqual([]);
  expect(report.ok).toBe(true);
}
