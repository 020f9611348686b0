import type { Hash } from '../../../schemas/index.ts';
import type { ClaimState } from '../../fold/types.ts';
import type { PresenceStore, Said } from './store.ts';

/** A stream that ends sooner is none to speak of, ms. */
const settled = 5_000;
/** How often it is said again that a member is there, and how long that holds, ms. */
const beat = 60_000;
const ttl = 3 * beat;

/** What a stream is called, apart from what its session says itself. */
const streamIn = (session: string): string => `stream ${session}`;

/**
 * True while the session lives that made a claim: it says something or follows a stream of events; or while any session
 * of its member says that it is working on the task.
 */
export function isKept(
  store: Pick<PresenceStore, 'timely'>,
  task: Hash,
  { by, incarnation }: Pick<ClaimState, 'by' | 'incarnation'>,
): boolean {
  return store
    .timely()
    .some(
      (held) =>
        held.member === by &&
        held.state !== 'offline' &&
        (held.task === task || held.session === incarnation || held.session === streamIn(incarnation)),
    );
}

/** Who follows a stream of events here is there, though it says nothing: its session lives, and nothing of it shows. */
export interface Attending {
  /** A stream of the member began, in this session. Returns what ends it. */
  begin(member: Hash, replica: Hash, session: string): () => void;
}

export function createAttending(options: {
  readonly store: PresenceStore;
  readonly say: (said: Said) => void;
  readonly now: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
}): Attending {
  const { store, say, now, timer } = options;
  /** By member and session: streams that are open. */
  const streams = new Map<string, { count: number; stop: () => void; said: boolean }>();

  function tell(state: 'idle' | 'offline', about: Pick<Said, 'member' | 'replica' | 'session'>): void {
    const said: Said = { ...about, quiet: true, clock: store.clock(), state, since: now(), ttl };
    if (store.take(said)) say(said);
  }

  return {
    begin(member, replica, session) {
      const name = `${member} ${session}`;
      const about = { member, replica, session: streamIn(session) };
      const open = streams.get(name) ?? { count: 0, stop: () => undefined, said: false };
      streams.set(name, open);
      const again = (): void => {
        tell('idle', about);
        open.said = true;
        open.stop = timer(again, beat);
      };
      if (++open.count === 1) open.stop = timer(again, settled);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        if (--open.count > 0) return;
        open.stop();
        streams.delete(name);
        if (open.said) tell('offline', about);
      };
    },
  };
}
