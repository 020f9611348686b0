import type { ErrorShape } from '../../../schemas/index.ts';

/** How the page's replica stands with its node. */
export interface LinkState {
  readonly link: 'connecting' | 'linked' | 'waiting';
  /** Since when it is in this state, ms since 1970. */
  readonly since: number;
  /** Everything that differed at a first meeting has come. */
  readonly synced: boolean;
  /** Why the last link ended. */
  readonly trouble: string | undefined;
}

/** How the replica of a page is. */
export type ReplicaState =
  /** None is kept in this browser. */
  | { readonly state: 'absent' }
  | { readonly state: 'opening' }
  | { readonly state: 'open'; readonly replica: string; readonly link: LinkState }
  /** It could not be opened, or failed; the page works through the node. */
  | { readonly state: 'failed'; readonly error: ErrorShape['error'] }
  /** A tab of a newer version has it. */
  | { readonly state: 'superseded' };

/** What a tab tells the worker that has the replica. */
export type ToWorker =
  /** Opens the replica of this member; `make`: also where there is none yet. */
  | { readonly do: 'open'; readonly handle: string; readonly make: boolean }
  | {
      readonly do: 'call';
      readonly id: number;
      readonly path: readonly string[];
      readonly args: readonly unknown[];
    }
  /** Begins a stream; `next` asks for one more of it. */
  | {
      readonly do: 'stream';
      readonly id: number;
      readonly path: readonly string[];
      readonly args: readonly unknown[];
    }
  | { readonly do: 'next'; readonly id: number }
  | { readonly do: 'abort'; readonly id: number }
  /** The network is back, says the browser. */
  | { readonly do: 'hurry' }
  /** The tab is closed. */
  | { readonly do: 'bye' }
  /** Forgets everything that is kept here. */
  | { readonly do: 'forget'; readonly id: number };

/** What the worker tells a tab. */
export type FromWorker =
  | { readonly did: 'state'; readonly state: ReplicaState }
  | { readonly did: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly did: 'item'; readonly id: number; readonly done: boolean; readonly value?: unknown }
  | { readonly did: 'fail'; readonly id: number; readonly error: ErrorShape['error'] };
