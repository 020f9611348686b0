import { join } from 'node:path';
import { sealedProtocol } from '../../../schemas/sealed.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { makeProof } from '../../../src/keys/proof.ts';
import type { ReplicaSource } from '../../../src/replica/sync/index.ts';
import { openPlaces } from '../../../src/seal/link/places.ts';
import type { Alarm, Places } from '../../../src/seal/link/port.ts';
import { openSealedSession, type SealedSession } from '../../../src/seal/link/session.ts';
import { mailboxId } from '../../../src/seal/names.ts';
import { openLevelStore } from '../../../src/storage/store/level.ts';
import { openBackoff } from '../../mux/backoff.ts';
import { connectSocket } from '../../mux/socket.ts';
import type { Log } from '../log.ts';
import type { Linked, RemoteLink, RemoteStatus } from '../remoting.ts';

export interface SealedLinksOptions {
  readonly source: ReplicaSource;
  /** Of the replica: places are kept below it. */
  readonly directory: string;
  readonly log: Log;
  readonly now: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly random: (bytes: number) => Uint8Array;
}

/** Links of a replica with sealed relays. */
export interface SealedLinks {
  link(remote: Linked): RemoteLink;
  close(): Promise<void>;
}

/** Sessions of this kind are numbered apart from those of other replicas. */
const firstSession = 2 ** 40;
/** Alarms of a relay that are kept. */
const mostAlarms = 64;
/** A session that held so long was a good one, ms. */
const lasting = 10_000;

const socketOf = (url: string, mailbox: string): string =>
  `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/sealed/${mailbox}`;

export function openSealedLinks(options: SealedLinksOptions): SealedLinks {
  const { source, directory, log, now, timer, random } = options;
  const links = new Set<RemoteLink>();
  const stores = new Map<string, Promise<{ readonly places: Places; close(): Promise<void> }>>();
  let last = firstSession;

  /** One store for each relay: it tells how far its mailbox was read. */
  function placesOf(url: string): Promise<{ readonly places: Places; close(): Promise<void> }> {
    const name = Buffer.from(nodeCrypto.sha256(new TextEncoder().encode(url)))
      .toString('hex')
      .slice(0, 16);
    const known = stores.get(name);
    if (known) return known;
    const opening = (async () => {
      const store = await openLevelStore({ directory: join(directory, 'sealed', name), durability: 'os' });
      const trouble = (error: unknown): void => log.warn({ err: error }, 'places of a mailbox were not kept');
      const places = await openPlaces({ store, timer, trouble });
      return {
        places,
        async close() {
          await places.close();
          await store.close();
        },
      };
    })();
    stores.set(name, opening);
    opening.catch(() => stores.delete(name));
    return opening;
  }

  function link({ url, key, code }: Linked): RemoteLink {
    const backoff = openBackoff(random);
    const alarms: Alarm[] = [];
    let session: SealedSession | undefined;
    let state: RemoteStatus['state'] = 'connecting';
    let since = now();
    let acknowledged: number | undefined;
    let trouble: RemoteStatus['trouble'];
    let closed = false;
    let giveUp: (() => void) | undefined;
    let cancel: (() => void) | undefined;

    function enter(next: RemoteStatus['state']): void {
      if (state === next) return;
      state = next;
      since = now();
    }

    function wait(why: NonNullable<RemoteStatus['trouble']>): void {
      giveUp = undefined;
      session = undefined;
      if (closed) return;
      trouble = why;
      enter('waiting');
      cancel?.();
      cancel = timer(() => void dial(), backoff.next());
    }

    async function dial(): Promise<void> {
      if (closed) return;
      source.keyring.use();
      if (key === null) {
        wait({ code: 'unreachable', message: 'it does not say its key' });
        return;
      }
      const mailbox = mailboxId(nodeCrypto, source.workspace);
      enter('connecting');
      try {
        const { places } = await placesOf(url);
        const token = await prove(mailbox);
        if (!closed) open(mailbox, places, token);
      } catch (error) {
        log.warn({ err: error, url }, 'a sealed relay could not be dialled');
        wait({ code: 'storage_failed', message: error instanceof Error ? error.message : String(error) });
      }
    }

    const prove = (mailbox: string): Promise<string> =>
      makeProof(
        { publicKey: source.publicKey, sign: (bytes) => source.sign(bytes) },
        { audience: key ?? '', workspace: mailbox, now: now(), random },
      );

    function open(mailbox: string, places: Places, token: string): void {
      giveUp = connectSocket({
        url: socketOf(url, mailbox),
        maxPayload: sealedProtocol.frameBytes + 64 * 1024,
        protocols: [sealedProtocol.subprotocol, `token.${token}`],
        opened(socket) {
          const made = openSealedSession({
            source,
            crypto: nodeCrypto,
            places,
            random,
            timer,
            now,
            relay: key ?? undefined,
            code,
            session: ++last,
            transport: {
              send: (frame) => socket.send(frame),
              close: (closeCode, reason) => socket.close(closeCode < 4000 ? 4501 : closeCode, reason),
            },
            prove,
            onAlarm(kind, document, message) {
              alarms.push({ kind, document, message, at: now() });
              if (alarms.length > mostAlarms) alarms.shift();
              log.warn({ url, kind, document }, `a sealed relay is not to be trusted: ${message}`);
            },
            onRefused: (author, document, reason) =>
              log.warn({ author, document, reason }, 'a record in the mailbox was refused'),
            onChange() {
              if (made.acknowledged !== undefined) acknowledged = made.acknowledged;
              if (made.state === 'live') {
                enter('linked');
                trouble = undefined;
              }
            },
          });
          session = made;
          cancel = timer(() => backoff.reset(), lasting);
          return {
            message: made.receive,
            drained: () => undefined,
            closed(closeCode, reason) {
              const why = made.trouble;
              made.closed();
              cancel?.();
              if (closeCode >= 4400 && closeCode < 4500) backoff.refuse();
              wait(
                closeCode === 4403
                  ? { code: 'not_admitted', message: 'this replica is not admitted to the mailbox (yet)' }
                  : {
                      code: 'unreachable',
                      message: why?.message ?? (reason === '' ? 'the link broke' : reason),
                    },
              );
            },
          };
        },
        failed: (error) => wait({ code: 'unreachable', message: error.message }),
      });
    }

    const stopKeys = source.keyring.onChange(() => {
      if (state !== 'waiting' || session) return;
      cancel?.();
      void dial();
    });
    void dial();

    const made: RemoteLink = {
      status() {
        const [alarm] = alarms.filter(({ kind }) => kind !== 'replaced').slice(-1);
        const hindered = session?.trouble;
        return {
          state,
          since,
          lag: session?.lag ?? 0,
          acknowledged,
          trouble: alarm
            ? { code: 'relay_tampered', message: `${alarm.kind}: ${alarm.message}` }
            : hindered
              ? { code: 'unreachable', message: `${hindered.code}: ${hindered.message}` }
              : trouble,
        };
      },
      close() {
        closed = true;
        links.delete(made);
        stopKeys();
        cancel?.();
        session?.closed();
        giveUp?.();
      },
    };
    links.add(made);
    return made;
  }

  return {
    link,
    async close() {
      for (const one of [...links]) one.close();
      for (const opening of stores.values())
        await opening.then(({ close }) => close()).catch(() => undefined);
      stores.clear();
    },
  };
}
