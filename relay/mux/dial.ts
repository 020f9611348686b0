import { CoterieError, type ErrorCode } from '../../schemas/index.ts';
import { closeCodes } from '../../schemas/protocol.ts';
import type { Timer } from '../../src/sync/session/types.ts';
import { openBackoff } from './backoff.ts';
import { connectSocket, type Opened, type Secure } from './socket.ts';
import { eventsOf, isProven, type Join, type Joined, muxPayload, transportOf } from './transport.ts';

export interface DialOptions {
  /** `ws://127.0.0.1:4270/mux`. */
  readonly url: string;
  readonly join: Join;
  readonly timer: Timer;
  readonly random: (bytes: number) => Uint8Array;
  /**
   * After the other end closed since another session with it stays: calls `ended` once that one is over too. Returns what
   * cancels that; undefined when none stands here.
   */
  readonly standing?: ((ended: () => void) => (() => void) | undefined) | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** For a URL that begins with `wss:`, where replicas encrypt the connection themselves. */
  readonly secure?: Secure | undefined;
  readonly onChange?: ((status: DialStatus) => void) | undefined;
}

/** How a link stands that this side keeps up. */
export interface DialStatus {
  readonly url: string;
  readonly state: 'dialling' | 'open' | 'waiting' | 'parked' | 'closed';
  /** Attempts since a session lasted. */
  readonly attempts: number;
  /** Why the last one ended. */
  readonly last: string | undefined;
  /** What it was of the closed list, where the other side answered so instead of opening. */
  readonly code: ErrorCode | undefined;
}

/** Keeps one link up, for ever: a peer that does not come costs a timer. */
export interface Dialler {
  status(): DialStatus;
  /** With `letGo`, since others do: the other side knows it as a peer no longer. */
  close(letGo?: boolean): void;
}

/** A session that held so long was a good one, ms. */
const lasting = 10_000;

/** The other end will not have us: 4400 to 4499, but for a connection that went silent. */
const isRefusal = (code: number): boolean =>
  code >= 4_400 && code < 4_500 && code !== closeCodes.silent && code !== closeCodes.duplicate;

export function openDialler(options: DialOptions): Dialler {
  const { url, join, timer, random, headers, secure, onChange } = options;
  const backoff = openBackoff(random);
  let state: DialStatus['state'] = 'waiting';
  let attempts = 0;
  let last: string | undefined;
  let code: ErrorCode | undefined;
  let session: Joined | undefined;
  let giveUp: (() => void) | undefined;
  let cancel: (() => void) | undefined;

  const status = (): DialStatus => ({ url, state, attempts, last, code });
  function enter(next: DialStatus['state']): void {
    state = next;
    onChange?.(status());
  }

  function wait(why: string, refused?: ErrorCode): void {
    cancel?.();
    giveUp = undefined;
    session = undefined;
    if (state === 'closed') return;
    last = why;
    code = refused;
    cancel = timer(dial, backoff.next());
    enter('waiting');
  }

  /** Another session with the same replica stays: nothing is dialled until that one is over. False when none does. */
  function park(): boolean {
    if (state === 'closed') return false;
    let rested = false;
    const unrest = timer(() => {
      rested = true;
    }, lasting);
    const forget = options.standing?.(() => {
      unrest();
      if (rested) dial();
      // One that comes and goes is dialled no faster for it.
      else wait('the other session ended');
    });
    if (!forget) {
      unrest();
      return false;
    }
    cancel?.();
    cancel = () => {
      unrest();
      forget();
    };
    giveUp = undefined;
    session = undefined;
    last = undefined;
    code = undefined;
    attempts = 0;
    enter('parked');
    return true;
  }

  const opened: Opened = (socket) => {
    const joined = join('dial', transportOf(socket));
    session = joined;
    cancel = timer(() => {
      if (!isProven(joined)) return;
      backoff.reset();
      attempts = 0;
    }, lasting);
    enter('open');
    return eventsOf(joined, (ended, reason) => {
      if (ended === closeCodes.duplicate && park()) return;
      if (isRefusal(ended)) backoff.refuse();
      wait(`closed with ${ended}${reason ? ` (${reason})` : ''}`);
    });
  };

  function dial(): void {
    attempts += 1;
    enter('dialling');
    giveUp = connectSocket({
      url,
      maxPayload: muxPayload,
      ...(headers ? { headers } : {}),
      secure,
      opened,
      failed: (error) => wait(error.message, error instanceof CoterieError ? error.code : undefined),
    });
  }

  dial();

  return {
    status,
    close(letGo = false) {
      if (state === 'closed') return;
      enter('closed');
      cancel?.();
      if (session && letGo) session.close(closeCodes.letGo, 'other links are enough');
      else if (session) session.close(closeCodes.goingAway, 'stopping');
      else giveUp?.();
    },
  };
}
