import type { ReadonlySignal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Role } from '../../../schemas/index.ts';
import type { Door } from '../door/door.ts';
import type { Live } from '../door/live.ts';
import type { OwnReplica } from '../door/own.ts';
import type { ReplicaState } from '../replica/protocol.ts';

/** What every part of the page works with. */
export interface App {
  readonly door: Door;
  readonly live: Live;
  /** Who answers the verbs: the node over HTTP, or the replica that this browser keeps. */
  readonly through: 'node' | 'own';
  /** How the replica of this browser is. */
  readonly replica: ReadonlySignal<ReplicaState>;
  readonly own: OwnReplica | undefined;
  /** Who is logged in. */
  readonly me: { readonly handle: string; readonly role: Role };
}

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('outside of the page');
  return app;
}
