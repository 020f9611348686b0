import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { nodeCrypto } from '../../../src/keys/node.ts';
import type { Heads } from '../../../src/seal/link/heads/heads.ts';
import { openPlaces } from '../../../src/seal/link/places.ts';
import type { AlarmKind } from '../../../src/seal/link/port.ts';
import { openSealedSession, type SealedSession } from '../../../src/seal/link/session.ts';
import type { SnapshotPolicy } from '../../../src/seal/link/snapshots.ts';
import type { MailboxSession } from '../../../src/seal/mailbox/index.ts';
import { mailboxId } from '../../../src/seal/names.ts';
import type { Store } from '../../../src/storage/port.ts';
import { createMemoryStore } from '../../../src/storage/store/memory.ts';
import { allOf } from '../../replica/support/open.ts';
import type { Peer } from '../../replica/sync/support.ts';
import { code, type Rig } from '../mailbox/support.ts';

/** What stands between a replica and its relay: may change, drop or repeat frames. */
export type Meddle = (frame: Uint8Array, way: 'up' | 'down') => readonly Uint8Array[];

export interface Linked {
  readonly session: SealedSession;
  readonly alarms: { kind: AlarmKind; document: string | undefined; message: string }[];
  readonly refused: { author: string; document: string; reason: string }[];
  /** Resolves once this is so; looked at after each change. */
  until(is: (session: SealedSession) => boolean): Promise<void>;
  /** Resolves when the session is live, and nothing of it waits. */
  settled(): Promise<void>;
  /** How the relay ended it; undefined while it has not. */
  ended(): { readonly code: number; readonly reason: string } | undefined;
  /** Ends it, and keeps where it stood. */
  cut(): Promise<void>;
}

export const textsOf = async ({ replica }: Peer, channel = 'general'): Promise<(string | null)[]> =>
  (await allOf((page) => replica.messages.list(channel, page))).map(({ text }) => text);

/** Resolves once a replica shows a message. */
export async function shows(peer: Peer, text: string, channel = 'general'): Promise<void> {
  for (;;) {
    const changed = new Promise<void>((resolve) => {
      const stop = peer.source.onUpdate(() => {
        stop();
        resolve();
      });
    });
    const texts = await textsOf(peer, channel).catch((): (string | null)[] => []);
    if (texts.includes(text)) return;
    await changed;
  }
}

let sessions = 1_000_000;
const realTimer = (task: () => void, ms: number): (() => void) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

/** A replica in its mailbox at a relay of the test. Resolves once it has a key epoch. */
export async function link(
  peer: Peer,
  rig: Rig,
  options: {
    readonly store?: Store;
    readonly meddle?: Meddle;
    readonly relay?: string;
    readonly heads?: Heads;
    readonly snapshots?: SnapshotPolicy;
    readonly now?: () => number;
  } = {},
): Promise<Linked> {
  const { source } = peer;
  const { store = createMemoryStore(), meddle = (frame: Uint8Array) => [frame] } = options;
  const places = await openPlaces({ store, timer: realTimer, trouble: () => undefined });
  source.keyring.use();
  await new Promise<void>((resolve) => {
    const stop = source.keyring.onChange(look);
    function look(): void {
      if (!source.keyring.founding()) return;
      stop();
      resolve();
    }
    look();
  });
  const alarms: Linked['alarms'] = [];
  const refused: Linked['refused'] = [];
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  let open = true;
  const late: { session?: SealedSession; remote?: MailboxSession } = {};
  const down = (frame: Uint8Array): void => {
    for (const one of meddle(frame, 'down')) setImmediate(() => open && late.session?.receive(one));
  };
  let ended: ReturnType<Linked['ended']>;
  const end = (code: number, reason: string): void => {
    if (!open) return;
    ended ??= { code, reason };
    open = false;
    setImmediate(() => {
      late.session?.closed();
      late.remote?.closed(1006, '');
      wake();
    });
  };
  const mailbox = mailboxId(nodeCrypto, source.workspace);
  late.remote = rig.mailboxes.join(
    mailbox,
    { key: source.publicKey, expires: rig.clock.now + 300_000 },
    { send: down, buffered: () => 0, close: end },
  );
  const session = openSealedSession({
    source: options.heads ? Object.create(source, { heads: { value: options.heads } }) : source,
    crypto: nodeCrypto,
    places,
    random: randomBytes,
    timer: realTimer,
    now: options.now ?? Date.now,
    relay: options.relay ?? rig.signer.publicKey,
    snapshots: options.snapshots,
    code,
    session: sessions++,
    transport: {
      send(frame) {
        for (const one of meddle(frame, 'up')) setImmediate(() => open && late.remote?.receive(one));
      },
      close: end,
    },
    prove: async () => `${source.publicKey}.${rig.clock.now + 300_000}`,
    onAlarm: (kind, document, message) => {
      alarms.push({ kind, document, message });
      wake();
    },
    onRefused: (author, document, reason) => void refused.push({ author, document, reason }),
    onChange: () => setImmediate(wake),
  });
  late.session = session;
  const until: Linked['until'] = (is) =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!is(session)) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });
  onTestFinished(async () => {
    end(1006, '');
    await places.close();
  });
  return {
    session,
    alarms,
    refused,
    until,
    settled: () => until(({ state, lag }) => state === 'live' && lag === 0),
    ended: () => ended,
    async cut() {
      end(1006, '');
      await new Promise((resolve) => setImmediate(resolve));
      await places.close();
    },
  };
}
