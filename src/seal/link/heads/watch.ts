import type { Hash } from '../../../../schemas/index.ts';

/** How long a relay may take to show a record that another replica has read there, ms. */
export const patience = 30_000;
/** Chains that are remembered, of all documents of a mailbox. */
const remembered = 16_384;
/** What others read in one document, and was not shown here yet. */
const mostAwaited = 8;

/** The newest record of a document, and the chain there. */
export interface Head {
  readonly offset: number;
  readonly chain: string;
}

export interface WatchOptions {
  /** Key of the relay. */
  readonly relay: string;
  readonly mailbox: string;
  readonly incarnation: string;
  readonly alarm: (kind: 'withheld' | 'forked', document: string, message: string) => void;
}

/** What a session with a sealed relay tells of what it reads there. */
export interface HeadsWatch {
  /** A document was read up to a record. */
  moved(document: string, offset: number, chain: string): void;
  /** The relay told of records up to this one, read or not. */
  shown(document: string, offset: number): void;
  /** What the relay listed when it was met is read: from now on what it does not show is missed. */
  caughtUp(): void;
  /** The session is over. */
  close(): void;
}

/** A watch, and what others say. */
export interface OwnWatch extends HeadsWatch {
  /** Another replica read this there. */
  claimed(by: Hash, document: string, head: Head): void;
  /** Where each document stands, the last to move last. */
  readonly last: ReadonlyMap<string, Head>;
}

interface Awaited extends Head {
  readonly by: Hash;
  readonly since: number;
  told: boolean;
}

/** Compares what a relay shows here with what it showed others. */
export function createWatch(
  options: WatchOptions & {
    readonly now: () => number;
    readonly timer: (task: () => void, ms: number) => () => void;
    readonly onMoved: () => void;
    readonly onClose: () => void;
  },
): OwnWatch {
  const { now, timer, alarm } = options;
  const last = new Map<string, Head>();
  const shownTo = new Map<string, number>();
  /** Chain by document and offset. */
  const chains = new Map<string, string>();
  const awaited = new Map<string, Awaited[]>();
  const forked = new Set<string>();
  let since: number | undefined;
  let cancel: (() => void) | undefined;
  let isOpen = true;

  const placeOf = (document: string, offset: number): string => `${document} ${offset}`;

  function compare(document: string, by: Hash, { offset, chain }: Head): void {
    const here = chains.get(placeOf(document, offset));
    if (here === undefined || here === chain || forked.has(document)) return;
    forked.add(document);
    alarm('forked', document, `replica ${by} was shown other records up to ${offset} than this one`);
  }

  /** Looks again at what is missed, once that is long enough ago. */
  function plan(): void {
    if (!isOpen || cancel || since === undefined) return;
    let first = Number.POSITIVE_INFINITY;
    for (const all of awaited.values())
      for (const one of all) if (!one.told) first = Math.min(first, Math.max(one.since, since));
    if (first === Number.POSITIVE_INFINITY) return;
    cancel = timer(sweep, Math.max(0, first + patience - now()));
  }

  function sweep(): void {
    cancel = undefined;
    for (const [document, all] of awaited) {
      const missed = all.find(
        (one) =>
          !one.told &&
          one.offset > (shownTo.get(document) ?? 0) &&
          Math.max(one.since, since ?? 0) + patience <= now(),
      );
      for (const one of all) one.told ||= Math.max(one.since, since ?? 0) + patience <= now();
      if (missed)
        alarm(
          'withheld',
          document,
          `replica ${missed.by} read record ${missed.offset}, which is not shown here`,
        );
    }
    plan();
  }

  function shown(document: string, offset: number): void {
    if (offset > (shownTo.get(document) ?? 0)) shownTo.set(document, offset);
  }

  return {
    last,
    shown,
    moved(document, offset, chain) {
      shown(document, offset);
      last.delete(document);
      last.set(document, { offset, chain });
      chains.set(placeOf(document, offset), chain);
      const [oldest] = chains.keys();
      if (chains.size > remembered && oldest !== undefined) chains.delete(oldest);
      const all = awaited.get(document);
      if (all) {
        for (const one of all) if (one.offset === offset) compare(document, one.by, one);
        const rest = all.filter((one) => one.offset > offset);
        if (rest.length > 0) awaited.set(document, rest);
        else awaited.delete(document);
      }
      options.onMoved();
    },
    claimed(by, document, head) {
      if (head.offset <= (last.get(document)?.offset ?? 0)) {
        compare(document, by, head);
        return;
      }
      const all = awaited.get(document) ?? [];
      if (all.length >= mostAwaited || all.some((one) => one.by === by && one.offset === head.offset)) return;
      awaited.set(document, [...all, { ...head, by, since: now(), told: false }]);
      plan();
    },
    caughtUp() {
      since ??= now();
      plan();
    },
    close() {
      isOpen = false;
      cancel?.();
      options.onClose();
    },
  };
}
