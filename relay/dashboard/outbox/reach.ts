import { type ReadonlySignal, signal } from '@preact/signals';
import { type App, useApp } from '../app/context.ts';

/** How far a message of one's own has come. */
export interface Reach {
  /** The node has it. */
  readonly node: boolean;
  /** Other replicas that are known to have it, the node not counted. */
  readonly replicas: number;
}

export interface Reaches {
  /** By message id, of messages that were posted since the page was opened. */
  readonly of: ReadonlySignal<ReadonlyMap<string, Reach>>;
  /** It was stored here now. */
  stored(id: string): void;
}

const pause = 1_500;
/** Who is not reached by then is not waited for: it may be away for days. */
const patience = 10 * 60_000;

function begin({ door, through }: App): Reaches {
  const of = signal<ReadonlyMap<string, Reach>>(new Map());
  const since = new Map<string, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function look(): Promise<void> {
    const { peers } = await door.status();
    const next = new Map(of.value);
    for (const [id, at] of since) {
      // In step, and heard of after it was stored: what is here is there.
      const have = peers.filter(
        ({ state, lag, syncing, acknowledged, compared }) =>
          state === 'linked' &&
          lag === 0 &&
          syncing === 0 &&
          Math.max(Date.parse(acknowledged ?? '') || 0, Date.parse(compared ?? '') || 0) >= at,
      ).length;
      next.set(
        id,
        through === 'own'
          ? { node: have > 0, replicas: Math.max(0, have - 1) }
          : { node: true, replicas: have },
      );
      const isDone = through === 'own' ? have > 0 : have === peers.length;
      if (isDone || Date.now() - at > patience) since.delete(id);
    }
    of.value = next;
    plan();
  }
  const plan = (): void => {
    clearTimeout(timer);
    if (since.size > 0) timer = setTimeout(() => void look().catch(() => plan()), pause);
  };
  return {
    of,
    stored(id) {
      since.set(id, Date.now());
      of.value = new Map([...of.value, [id, { node: through === 'node', replicas: 0 }]]);
      plan();
    },
  };
}

const begun = new WeakMap<App, Reaches>();

export function useReaches(): Reaches {
  const app = useApp();
  const there = begun.get(app) ?? begin(app);
  begun.set(app, there);
  return there;
}
