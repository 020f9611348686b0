import { createParking, type Parking } from '../../../sync/guard/index.ts';
import type { SessionId } from '../../../sync/port.ts';

/** What may wait at a time, of a session and of all of them. */
const parkedBounds = {
  session: 8 * 1024 * 1024,
  all: 64 * 1024 * 1024,
  /** What a part takes in memory beside its bytes. */
  part: 512,
  /** Documents of a session of which something waits. */
  documents: 256,
} as const;

/** What waits for what it follows, by session and document. */
export interface Parked {
  /** What waits of a session for a document; kept as long as `settle` finds something in it. */
  of(document: string, from: SessionId): Parking;
  /** Something came or went: what is empty goes, and where too much waits the oldest. It comes again when digests are compared. */
  settle(document: string, from: SessionId): void;
  /** Something waits of the session for the document. */
  has(document: string, from: SessionId): boolean;
  /** While `task` runs, something of the session may come to wait. */
  during<T>(from: SessionId, task: () => Promise<T>): Promise<T>;
  /** The session ended: what waits of it goes, and what is being received of it does not come to wait. */
  forget(from: SessionId): void;
  /** Bytes that wait, with what they take in memory. */
  bytes(from?: SessionId): number;
}

type Bounds = Record<keyof typeof parkedBounds, number>;

interface Held {
  readonly parking: Parking;
  /** Bytes, as they were when it was last settled. */
  weight: number;
}

/** What waits of one session. */
interface Session {
  /** By document, the oldest first. */
  readonly held: Map<string, Held>;
  weight: number;
}

export function createParked(most: Bounds = parkedBounds): Parked {
  const sessions = new Map<SessionId, Session>();
  const running = new Map<SessionId, number>();
  const ended = new Set<SessionId>();
  let all = 0;

  function weigh(session: Session, one: Held, weight: number): void {
    session.weight += weight - one.weight;
    all += weight - one.weight;
    one.weight = weight;
  }

  function drop(from: SessionId, document: string | undefined): void {
    const session = sessions.get(from);
    const one = document === undefined ? undefined : session?.held.get(document);
    if (!session || !one || document === undefined) return;
    weigh(session, one, 0);
    session.held.delete(document);
    if (session.held.size === 0) sessions.delete(from);
  }

  const oldestOf = (from: SessionId): string | undefined => sessions.get(from)?.held.keys().next().value;

  function largest(): SessionId {
    let found: SessionId = 0;
    let weight = -1;
    for (const [from, session] of sessions)
      if (session.weight > weight) {
        found = from;
        weight = session.weight;
      }
    return found;
  }

  const isTooMuch = (session: Session | undefined): boolean =>
    session !== undefined && (session.weight > most.session || session.held.size > most.documents);

  return {
    of(document, from) {
      const session = sessions.get(from) ?? { held: new Map<string, Held>(), weight: 0 };
      const known = session.held.get(document);
      if (known) return known.parking;
      const parking = createParking();
      if (ended.has(from)) return parking;
      session.held.set(document, { parking, weight: 0 });
      sessions.set(from, session);
      return parking;
    },
    settle(document, from) {
      const session = sessions.get(from);
      const one = session?.held.get(document);
      if (session && one) {
        const { bytes, parts } = one.parking;
        if (parts === 0) drop(from, document);
        else weigh(session, one, bytes + parts * most.part);
      }
      while (isTooMuch(sessions.get(from))) drop(from, oldestOf(from));
      while (all > most.all && sessions.size > 0) {
        const next = largest();
        drop(next, oldestOf(next));
      }
    },
    has: (document, from) => sessions.get(from)?.held.has(document) ?? false,
    async during(from, task) {
      running.set(from, (running.get(from) ?? 0) + 1);
      try {
        return await task();
      } finally {
        const left = (running.get(from) ?? 1) - 1;
        if (left > 0) running.set(from, left);
        else {
          running.delete(from);
          ended.delete(from);
        }
      }
    },
    forget(from) {
      for (const document of [...(sessions.get(from)?.held.keys() ?? [])]) drop(from, document);
      if (running.has(from)) ended.add(from);
    },
    bytes: (from) => (from === undefined ? all : (sessions.get(from)?.weight ?? 0)),
  };
}
