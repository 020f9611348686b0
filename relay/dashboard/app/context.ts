import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Role } from '../../../schemas/index.ts';
import type { Door } from '../door/door.ts';
import type { Live } from '../door/live.ts';

/** What every part of the page works with. */
export interface App {
  readonly door: Door;
  readonly live: Live;
  /** Who is logged in. */
  readonly me: { readonly handle: string; readonly role: Role };
}

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('outside of the page');
  return app;
}
