import { setTimeout as wait } from 'node:timers/promises';
import { CoterieError } from '../../schemas/index.ts';
import type { OpenOptions } from '../../src/replica/options.ts';
import type { Replica, Surface } from '../../src/replica/surface.ts';
import { openFakeStore } from './fake-store.ts';
import { fakeVerbs } from './fake-verbs.ts';

/**
 * A replica of a few maps, for tests of the doors: right shapes, no durability, hardly any rules. What it was asked is
 * in `asked`, so that a test can see what a door passed on.
 */
export interface FakeReplica extends Replica {
  readonly asked: { verb: string; as: string; input: unknown }[];
  /** The next verb rejects with this. */
  failNext(error: unknown): void;
  /** Verbs wait for this before they answer. */
  hold(until: Promise<unknown>): void;
  emit(count: number, text?: string): void;
}

export async function openFakeReplica(options: OpenOptions): Promise<FakeReplica> {
  const store = openFakeStore();
  const asked: FakeReplica['asked'] = [];
  let failure: unknown;
  let held: Promise<unknown> = Promise.resolve();
  const surfaceOf = (handle: string): Surface => fakeVerbs(store, handle, options.directory);

  /** Every verb notes what it was asked, fails when told to and waits when held. */
  function watched<T extends object>(target: T, as: string, path = ''): T {
    return new Proxy(target, {
      get(_target, name) {
        const value: unknown = Reflect.get(target, name);
        const verb = `${path}${String(name)}`;
        if (typeof value === 'object' && value !== null && verb !== 'member')
          return watched(value, as, `${verb}.`);
        if (typeof value !== 'function' || verb === 'events') return value;
        return async (...input: unknown[]) => {
          asked.push({ verb, as, input });
          await held;
          const error = failure;
          failure = undefined;
          if (error !== undefined) throw error;
          return Reflect.apply(value, target, input) as unknown;
        };
      },
    });
  }

  const work = async <T>(
    result: T,
    {
      progress,
      signal,
    }: {
      progress?: ((step: { stage: string; done: number; total: number }) => void) | undefined;
      signal?: AbortSignal | undefined;
    } = {},
  ): Promise<T> => {
    for (let done = 0; done <= 2; done++) {
      progress?.({ stage: 'reading', done, total: 2 });
      await wait(1, undefined, { signal });
    }
    return result;
  };

  return {
    ...watched(surfaceOf(options.as), options.as),
    workspace: { id: 'w', name: 'Team <one>' },
    id: 'r',
    directory: options.directory,
    asked,
    failNext(error) {
      failure = error;
    },
    hold(until) {
      held = until;
    },
    emit(times, text = 'x') {
      for (let done = 0; done < times; done++) store.tell('message.post', options.as, { text }, 'general');
    },
    as: (handle) => watched(surfaceOf(handle), handle),
    import: async ({ format, path }, during) => {
      if (path === '/none') throw new CoterieError('import_invalid', `${path} is not there`);
      if (path === '/late') {
        during?.progress?.({ stage: 'reading', done: 0, total: null });
        throw new CoterieError('import_unsafe', 'an entry leaves its folder');
      }
      return work({ format, read: {}, written: {}, present: {}, setAside: [], seconds: 0 }, during);
    },
    export: ({ directory }, during) => work({ directory, files: {} }, during),
    backup: ({ directory }, during) => work({ directory, bytes: 1 }, during),
    compact: (_request, during) => work({ before: 2, after: 1 }, during),
    countersign: async () => {
      throw new CoterieError('ticket_elsewhere', 'This node gave out no ticket');
    },
    admitOwn: () => Promise.reject(new Error('not asked for')),
    enrol: async () => undefined,
    ...watched(
      {
        membersLog: async () => [],
        package: async () => ({ sealed: '', expires: 1 }),
        keepTicket: async () => undefined,
      },
      options.as,
    ),
    attach: () => () => undefined,
    doctor: (during) => work({ ok: true, findings: [] }, during),
    async close() {
      store.closing.abort();
    },
  };
}
