import { type ReadonlySignal, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Status } from '../../../schemas/index.ts';
import { type App, useApp } from '../app/context.ts';

/** Whether what is shown is of now. */
export type SyncState =
  | { readonly state: 'live' }
  /** Something is on its way: so many documents, so many updates. */
  | { readonly state: 'syncing'; readonly documents: number; readonly updates: number }
  | { readonly state: 'offline'; readonly since: number; readonly why: string };

export interface Syncing {
  readonly state: ReadonlySignal<SyncState>;
  /** The last status that was read, of whoever answers the verbs. */
  readonly status: ReadonlySignal<Status | undefined>;
  look(): Promise<void>;
}

const each = 3_000;

function begin({ door, through, replica }: App): Syncing {
  const state = signal<SyncState>({ state: 'live' });
  const status = signal<Status | undefined>(undefined);
  const since = (): number => (state.value.state === 'offline' ? state.value.since : Date.now());

  function judge(): void {
    const own = replica.value;
    if (through === 'own' && own.state === 'open' && own.link.link !== 'linked') {
      // Reaching for it once is not being away.
      if (own.link.link === 'waiting' || own.link.trouble !== undefined)
        state.value = { state: 'offline', since: own.link.since, why: own.link.trouble ?? '' };
      return;
    }
    const linked = (status.value?.peers ?? []).filter((peer) => peer.state === 'linked');
    const documents = Math.max(0, ...linked.map(({ syncing }) => syncing));
    const updates = Math.max(0, ...linked.map(({ lag }) => lag));
    state.value =
      through === 'own' && (documents > 0 || updates > 0)
        ? { state: 'syncing', documents, updates }
        : { state: 'live' };
  }
  async function look(): Promise<void> {
    try {
      status.value = await door.status();
      judge();
    } catch (error) {
      if (through === 'node')
        state.value = {
          state: 'offline',
          since: since(),
          why: error instanceof Error ? error.message : String(error),
        };
    }
  }
  replica.subscribe(judge);
  return { state, status, look };
}

const begun = new WeakMap<App, Syncing>();

/** How in step the page is, looked at every few seconds. */
export function useSyncing(): Syncing {
  const app = useApp();
  const there = begun.get(app) ?? begin(app);
  begun.set(app, there);
  useEffect(() => {
    void there.look();
    const timer = setInterval(() => void there.look(), each);
    return () => clearInterval(timer);
  }, [there]);
  return there;
}
