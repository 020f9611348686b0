import { join } from 'node:path';
import { CoterieError } from '../../../schemas/index.ts';
import { closeCodes } from '../../../schemas/protocol.ts';
import { revokedReason, sealedProtocol } from '../../../schemas/sealed.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { makeProof } from '../../../src/keys/proof.ts';
import type { ReplicaSource } from '../../../src/replica/sync/index.ts';
import { openPlaces } from '../../../src/seal/link/places.ts';
import type { Places } from '../../../src/seal/link/port.ts';
import { openSealedSession, type SealedSession } from '../../../src/seal/link/session.ts';
import { mailboxId } from '../../../src/seal/names.ts';
import { openLevelStore } from '../../../src/storage/store/level.ts';
import type { Links } from '../../../src/sync/index.ts';
import { openBackoff } from '../../mux/backoff.ts';
import { connectSocket } from '../../mux/socket.ts';
import type { Log } from '../log.ts';
import type { Linked, RemoteLink, RemoteStatus } from '../remoting.ts';

export interface SealedLinksOptions {
  readonly source: ReplicaSource;
  /** What waits until things are stored elsewhere counts mailboxes too. */
  readonly links?: Pick<Links, 'keeps'> | undefined;
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
/** Alarms are shown for so long, ms. */
const alarming = 30 * 24 * 3_600_000;
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

  function link({ url, key, code, added }: Linked): RemoteLink {
    const backoff = openBackoff(random);
    const mailbox = mailboxId(nodeCrypto, source.workspace);
    /** Documents that were written to while no session was in step. */
    const away = new Set<string>();
    let known: Places | undefined;
    let lag = 0;
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
      lag = session?.lag ?? lag;
      session = undefined;
      if (closed) return;
      trouble = why;
      if (why.code === 'revoked') {
        // Until something changes: another key of this replica, or what the members log says of it.
        cancel?.();
        enter('refused');
        return;
      }
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
      enter('connecting');
      try {
        const { places } = await placesOf(url);
        known = places;
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

    function ended(closeCode: number, reason: string, why: SealedSession['trouble']): void {
      cancel?.();
      if (closeCode >= 4400 && closeCode < 4500) backoff.refuse();
      if (closeCode === closeCodes.version)
        wait({ code: 'protocol_newer', message: 'it speaks no version of the protocol that this one knows' });
      else if (closeCode !== closeCodes.stranger)
        wait({ code: 'unreachable', message: why?.message ?? (reason === '' ? 'the link broke' : reason) });
      else if (reason === revokedReason || source.roster().revoked.includes(source.publicKey))
        wait({ code: 'revoked', message: 'this replica was revoked: the relay has it no more' });
      else wait({ code: 'not_admitted', message: 'this replica is not admitted to the mailbox (yet)' });
    }

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
              places.alarmed(mailbox, { kind, document, message, at: now() });
              if (kind === 'replaced') log.info({ url }, message);
              else log.warn({ url, kind, document }, `a sealed relay is not to be trusted: ${message}`);
            },
            onRefused: (author, document, reason) =>
              log.warn({ author, document, reason }, 'a record in the mailbox was refused'),
            onChange() {
              if (made.acknowledged !== undefined) acknowledged = made.acknowledged;
              if (made.state === 'live') {
                enter('linked');
                trouble = undefined;
                away.clear();
              }
              keeping?.heard();
            },
          });
          session = made;
          const keeping = options.links?.keeps({ publicKey: key ?? undefined, session: made });
          cancel = timer(() => backoff.reset(), lasting);
          return {
            message: made.receive,
            drained: () => undefined,
            closed(closeCode, reason) {
              const why = made.trouble;
              const { lag: left } = made;
              made.closed();
              keeping?.gone();
              lag = left;
              ended(closeCode, reason, why);
            },
          };
        },
        failed: (error) =>
          wait({
            code: error instanceof CoterieError ? error.code : 'unreachable',
            message: error.message,
          }),
      });
    }

    function again(): void {
      if (session || (state !== 'waiting' && state !== 'refused')) return;
      cancel?.();
      void dial();
    }
    const stops = [
      source.keyring.onChange(() => {
        if (state === 'waiting') again();
      }),
      source.onKey(() => {
        if (session) giveUp?.();
        again();
      }),
      source.onUpdate(({ document }) => {
        if (session?.state !== 'live') away.add(document);
        if (!document.startsWith('log/members/') || state !== 'refused') return;
        if (!source.roster().revoked.includes(source.publicKey)) again();
      }),
    ];
    void dial();

    const made: RemoteLink = {
      status() {
        const from = Math.max(now() - alarming, added === undefined ? 0 : Date.parse(added));
        const alarms = (known?.alarms(mailbox) ?? []).filter(({ at }) => at >= from);
        const alarm = alarms.findLast(({ kind }) => kind !== 'replaced');
        const hindered = session?.trouble;
        return {
          state,
          since,
          lag: session?.state === 'live' ? session.lag : lag + away.size,
          acknowledged,
          alarms,
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
        for (const stop of stops) stop();
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
