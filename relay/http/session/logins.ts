import { createHash, randomBytes } from 'node:crypto';
import { CoterieError } from '../../../schemas/index.ts';
import type { Caller } from '../../proof/callers.ts';

/** How long logins and sessions last, ms, and how many there are of one member. */
export interface LoginBounds {
  /** A login that nobody used. */
  readonly login: number;
  /** A session in which nothing is asked. */
  readonly idle: number;
  /** A session, whatever is asked. */
  readonly whole: number;
  readonly logins: number;
  readonly sessions: number;
}

export const usualBounds: LoginBounds = {
  login: 5 * 60_000,
  idle: 24 * 60 * 60_000,
  whole: 7 * 24 * 60 * 60_000,
  logins: 16,
  sessions: 32,
};

/** A session of a page, without its secret. */
export interface Session {
  readonly id: string;
  readonly handle: string;
  readonly began: number;
  readonly used: number;
  readonly expires: number;
}

/** Logins of pages: a secret that is good once, for one that its page never sees again. Both are kept hashed, in memory. */
export interface Logins {
  /** A secret by which a page begins a session of the member, once. Throws `forbidden` in a session: it would renew itself. */
  make(caller: Caller): { readonly secret: string; readonly expires: number };
  /** Begins a session. Throws `unauthorized` for a secret that was used, is over or was never made. */
  begin(secret: string): { readonly secret: string; readonly caller: Caller; readonly session: Session };
  /** Who speaks in a session; undefined when there is none of that secret any more. */
  of(secret: string): Caller | undefined;
  /** Sessions of a member, the newest first. */
  list(handle: string): Session[];
  /** Ends sessions: what is open of them too. */
  end(ids: readonly string[]): void;
  /** Calls back when sessions were ended; returns what stops that. */
  onEnded(listener: () => void): () => void;
}

interface Kept {
  readonly id: string;
  readonly caller: Caller;
  readonly handle: string;
  readonly began: number;
  used: number;
  over: boolean;
}

interface Waiting {
  readonly caller: Caller;
  readonly handle: string;
  readonly expires: number;
}

const secretForm = /^[A-Za-z0-9_-]{43}$/;
const makeSecret = (): string => randomBytes(32).toString('base64url');
/** Looked up by its hash, so that how long that takes tells nothing of a secret. */
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** Makes room for one more of a member: those that came first go. */
function makeRoom<T extends { readonly handle: string }>(
  all: Map<string, T>,
  handle: string,
  most: number,
  gone: (key: string, one: T) => void,
): void {
  const own = [...all].filter(([, one]) => one.handle === handle);
  for (const [key, one] of own.slice(0, Math.max(0, own.length - most + 1))) gone(key, one);
}

export function openLogins(now: () => number, bounds: LoginBounds = usualBounds): Logins {
  const waiting = new Map<string, Waiting>();
  const sessions = new Map<string, Kept>();
  const listeners = new Set<() => void>();

  const ends = ({ began, used }: Kept): number => Math.min(began + bounds.whole, used + bounds.idle);
  const shown = (kept: Kept): Session => {
    const { id, handle, began, used } = kept;
    return { id, handle, began, used, expires: ends(kept) };
  };

  function drop(key: string, kept: Kept): void {
    kept.over = true;
    sessions.delete(key);
    for (const listener of listeners) listener();
  }

  function forget(): void {
    for (const [key, { expires }] of waiting) if (expires <= now()) waiting.delete(key);
    for (const [key, kept] of sessions) if (ends(kept) <= now() || kept.caller.fault()) drop(key, kept);
  }

  /** The member as by its token, for as long as both the token and the session are good. */
  const speaks = (kept: Kept): Caller => ({
    ...kept.caller,
    session: kept.id,
    expires: kept.began + bounds.whole,
    // Asked of what is open: a page that follows something is in use.
    fault() {
      if (kept.over || ends(kept) <= now())
        return new CoterieError('unauthorized', 'The session of this page is over.', { hint: again });
      kept.used = now();
      return kept.caller.fault();
    },
  });

  return {
    make(caller) {
      const { handle } = caller;
      if (caller.session !== undefined || handle === undefined)
        throw new CoterieError('forbidden', 'A page is let in by who has a token, not by another page.', {
          hint: again,
        });
      forget();
      makeRoom(waiting, handle, bounds.logins, (key) => waiting.delete(key));
      const secret = makeSecret();
      const expires = now() + bounds.login;
      waiting.set(hashOf(secret), { caller, handle, expires });
      return { secret, expires };
    },
    begin(secret) {
      const key = hashOf(secret);
      const login = secretForm.test(secret) ? waiting.get(key) : undefined;
      waiting.delete(key);
      if (login === undefined || login.expires <= now())
        throw new CoterieError('unauthorized', 'This link was used, is over, or was never made here.', {
          hint: again,
        });
      const fault = login.caller.fault();
      if (fault) throw fault;
      forget();
      makeRoom(sessions, login.handle, bounds.sessions, drop);
      const { caller, handle } = login;
      const id = randomBytes(9).toString('base64url');
      const kept: Kept = { id, caller, handle, began: now(), used: now(), over: false };
      const fresh = makeSecret();
      sessions.set(hashOf(fresh), kept);
      return { secret: fresh, caller: speaks(kept), session: shown(kept) };
    },
    of(secret) {
      const key = hashOf(secret);
      const kept = secretForm.test(secret) ? sessions.get(key) : undefined;
      if (kept === undefined) return undefined;
      if (ends(kept) <= now() || kept.caller.fault()) {
        drop(key, kept);
        return undefined;
      }
      kept.used = now();
      return speaks(kept);
    },
    list(handle) {
      forget();
      return [...sessions.values()]
        .filter((kept) => kept.handle === handle)
        .map(shown)
        .reverse();
    },
    end(ids) {
      for (const [key, kept] of sessions) if (ids.includes(kept.id)) drop(key, kept);
    },
    onEnded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What a person does about it. */
const again = 'Run: coterie open';
