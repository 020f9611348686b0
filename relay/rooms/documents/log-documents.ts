import { CoterieError } from '../../../schemas/index.ts';
import { parseDocumentName } from '../../../src/log/index.ts';
import type { ReplicaSource } from '../../../src/replica/sync/index.ts';
import type { SyncSource } from '../../../src/sync/index.ts';
import type { Caller } from '../../proof/callers.ts';
import type { DocumentEvents, Documents } from './document.ts';
import { createOwing } from './owing.ts';

/** Log documents of a replica, for stock clients: what they send is guarded, journalled and judged like a peer's. */
export interface LogDocuments extends Documents {
  /** Whose a socket is, by its number. */
  met(from: number, caller: Pick<Caller, 'replica' | 'handle'>): void;
  /** What of a socket was turned away before any log had it. */
  turnedAway(from: number, room: string, reason: string): void;
  close(): void;
}

/** A replica's source is told whose a session is, and when it ended. */
type Forgetting = SyncSource & Partial<Pick<ReplicaSource, 'forget' | 'met' | 'turnedAway'>>;

/** Sessions are numbered upwards from 1, the sockets of rooms downwards. */
const sessionOf = (from: number): number => -from;

export function openLogDocuments(source: Forgetting): LogDocuments {
  const live = new Map<string, DocumentEvents>();
  const stop = source.onUpdate(({ document, update, origin }) => {
    const from = origin !== undefined && origin < 0 ? -origin : undefined;
    live.get(document)?.update(update, from);
  });

  return {
    async open(name, events) {
      if (parseDocumentName(name) === undefined) return undefined;
      // Loads it.
      await source.stateVector(name);
      live.set(name, events);
      const owing = createOwing();
      let waiting = 0;

      async function take(update: Uint8Array, from: number, whole: boolean): Promise<void> {
        const received = await source.receive(name, update, sessionOf(from));
        waiting -= update.length;
        if (!received.ok) {
          events.refused(from, received.reason);
          return;
        }
        const count = owing.settle(from, received.parked === 0, whole);
        events.stored(from, count);
        if (received.parked > 0) events.lacking(from);
      }

      return {
        vector: () => source.stateVector(name),
        async diff(vector) {
          try {
            return await source.diff(name, vector);
          } catch (error) {
            if (error instanceof CoterieError && error.code === 'invalid')
              throw new RangeError('a state vector that cannot be read', { cause: error });
            throw error;
          }
        },
        receive(update, from, whole) {
          waiting += update.length;
          take(update, from, whole).catch(events.failed);
        },
        left(from) {
          owing.left(from);
          source.forget?.(sessionOf(from));
        },
        waiting: () => waiting,
        async close() {
          if (live.get(name) === events) live.delete(name);
        },
      };
    },
    met(from, { replica, handle = '' }) {
      const session = sessionOf(from);
      source.met?.(replica ? { session, publicKey: replica.key } : { session, handle });
    },
    turnedAway: (from, room, reason) => source.turnedAway?.(room, reason, sessionOf(from)),
    close() {
      stop();
      live.clear();
    },
  };
}
