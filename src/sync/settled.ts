import type { Session, Timer } from './session.ts';

/** How far what was durable here is durable elsewhere. */
export interface Settled {
  /** Peers at which all of it is durable. */
  readonly stored: readonly string[];
  /** True when they are as many as were asked for. */
  readonly enough: boolean;
}

export interface SettledWanted {
  readonly peers: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Where what is here may be durable: a session with a peer, or with what keeps things as a peer does. */
export interface Marked {
  readonly publicKey: string | undefined;
  readonly session: Pick<Session, 'mark'>;
}

interface Waiting {
  readonly peers: number;
  readonly stored: Set<string>;
  readonly marks: Map<Marked, () => boolean>;
  done(enough: boolean): void;
}

/** Who waits until what is here is durable elsewhere. `links` are those that stand now. */
export function createSettling(links: () => Iterable<Marked>, timer: Timer) {
  const waiting = new Set<Waiting>();

  function look(link: Marked, wait: Waiting): void {
    const { publicKey } = link;
    if (publicKey === undefined || wait.stored.has(publicKey)) return;
    let mark = wait.marks.get(link);
    if (!mark) {
      mark = link.session.mark();
      wait.marks.set(link, mark);
    }
    if (!mark()) return;
    wait.stored.add(publicKey);
    if (wait.stored.size >= wait.peers) wait.done(true);
  }

  return {
    /** Something came over this link. */
    heard(link: Marked): void {
      for (const wait of [...waiting]) look(link, wait);
    },

    /** The link ended: what it had not said, another must. */
    gone(link: Marked): void {
      for (const wait of waiting) wait.marks.delete(link);
    },

    async settled({ peers, timeoutMs, signal }: SettledWanted): Promise<Settled> {
      signal?.throwIfAborted();
      const settled = await new Promise<Settled>((resolve) => {
        const wait: Waiting = {
          peers,
          stored: new Set(),
          marks: new Map(),
          done(enough) {
            if (!waiting.delete(wait)) return;
            cancel();
            signal?.removeEventListener('abort', giveUp);
            resolve({ stored: [...wait.stored], enough });
          },
        };
        const giveUp = (): void => wait.done(false);
        signal?.addEventListener('abort', giveUp);
        waiting.add(wait);
        const cancel = timer(giveUp, timeoutMs);
        if (peers <= 0) wait.done(true);
        for (const link of links()) if (waiting.has(wait)) look(link, wait);
      });
      if (!settled.enough) signal?.throwIfAborted();
      return settled;
    },

    close(): void {
      for (const wait of [...waiting]) wait.done(false);
    },
  };
}
