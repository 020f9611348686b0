import type { SessionId } from '../../sync/port.ts';

/** What one sender was refused for, and how often. */
export interface RefusedOf {
  /** `replica <id>`, `member <handle>`, or `someone` where nobody is known. */
  readonly by: string;
  /** One word: what the guard calls it, or `entry` for one by key. */
  readonly reason: string;
  readonly count: number;
}

/** What of others was turned away since the replica was opened. */
export interface Refusals {
  /** Updates, and entries by key, that no honest replica sends. */
  readonly count: number;
  readonly last: { readonly document: string; readonly reason: string; readonly by: string } | undefined;
  /** By sender and reason, the first to come first; of very many the rest is summed up. */
  readonly of: readonly RefusedOf[];
  /** Sessions of another process that has this replica's own key. */
  readonly copies: number;
}

/** Notes what is refused, and who is behind a session. */
export interface RefusalNotes {
  /** `who` sends in this session. */
  met(session: SessionId, who: string): void;
  /** Returns who sent it. */
  refused(document: string, reason: string, session: SessionId): string;
  copied(): void;
  /** This replica has a key of its own from here on. */
  rekeyed(): void;
  now(): Refusals;
}

/** Sessions whose names are known: what was on its way is refused after its session ended. */
const remembered = 8192;
/** Pairs of sender and reason that are told apart. */
const mostKinds = 64;

const word = (reason: string): string => /^([a-z_]+): /.exec(reason)?.[1] ?? 'entry';

export function createRefusals(): RefusalNotes {
  const names = new Map<SessionId, string>();
  const kinds = new Map<string, RefusedOf>();
  let count = 0;
  let copies = 0;
  let last: Refusals['last'];

  return {
    met(session, who) {
      names.set(session, who);
      const [oldest] = names.keys();
      if (names.size > remembered && oldest !== undefined) names.delete(oldest);
    },
    refused(document, reason, session) {
      const by = names.get(session) ?? 'someone';
      count++;
      last = { document, reason, by };
      const key = `${by}\n${word(reason)}`;
      const isNew = !kinds.has(key) && kinds.size >= mostKinds;
      const [at, of] = isNew ? ['', { by: 'others', reason: 'any' }] : [key, { by, reason: word(reason) }];
      kinds.set(at, { ...of, count: (kinds.get(at)?.count ?? 0) + 1 });
      return by;
    },
    copied() {
      copies++;
    },
    rekeyed() {
      copies = 0;
    },
    now: () => ({ count, last, of: [...kinds.values()], copies }),
  };
}
