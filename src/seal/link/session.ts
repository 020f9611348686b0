import type { Signer } from '../../op/index.ts';
import { confirmBytes } from '../admitted.ts';
import { documentIds, mailboxId } from '../names.ts';
import { decodeFromRelay, type Extent, encodeToRelay, type ToClient, type ToRelay } from '../wire.ts';
import { createAdmitting } from './admitting.ts';
import { createAsking, RelayRefusal } from './asking.ts';
import type { DocumentContext } from './document.ts';
import { createDocuments } from './documents.ts';
import type { HeadsWatch } from './heads/heads.ts';
import { createMeeting } from './meeting.ts';
import { usualSnapshots } from './snapshots.ts';
import type { SealedSession, SealedSessionOptions } from './types.ts';

export type { SealedSession } from './types.ts';

/** A proof is renewed in good time before its end, ms. */
const renewEach = 150_000;
/** Others' updates wait by lot, ms: mostly who made them has appended them by then. */
const othersFrom = 800;
const othersTo = 2_500;
/** How often it is looked whether a snapshot has waited for others long enough, ms. */
const confirmEach = 3_600_000;

export function openSealedSession(options: SealedSessionOptions): SealedSession {
  const { source, crypto, places, timer, random, transport } = options;
  const mailbox = mailboxId(crypto, source.workspace);
  const founding = source.keyring.founding();
  // Without a secret nothing has a name: then it only asks for letters.
  const idOf = founding ? documentIds(mailbox, founding) : (): string => '';
  const timers = new Set<() => void>();
  let state: SealedSession['state'] = 'meeting';
  let trouble: SealedSession['trouble'];
  let acknowledged: number | undefined;
  let incarnation = '';
  let watch: HeadsWatch | undefined;
  let told = 0;
  /** Documents that were written to before the meeting came to them. */
  const early = new Set<string>();

  const send = (message: ToRelay): void => {
    if (state !== 'closed') transport.send(encodeToRelay(message));
  };
  const asking = createAsking(send);
  const { ask } = asking;
  const isOver = (): boolean => state === 'closed';

  function later(task: () => void, from: number, to: number): void {
    const chance = (random(1)[0] ?? 0) / 256;
    const cancel = timer(
      () => {
        timers.delete(cancel);
        if (!isOver()) task();
      },
      from + chance * (to - from),
    );
    timers.add(cancel);
  }

  function hinder(code: NonNullable<typeof trouble>['code'], message: string): void {
    trouble = { code, message };
    options.onChange();
  }
  const failed = (error: unknown): void => {
    if (isOver()) return;
    if (error instanceof RelayRefusal) hinder(error.code, error.message);
    else hinder('failed', error instanceof Error ? error.message : String(error));
    end(1011, 'this side failed');
  };

  const context: DocumentContext = {
    source,
    crypto,
    mailbox,
    get incarnation() {
      return incarnation;
    },
    session: options.session,
    random,
    idOf: (document) => documents.named(document),
    snapshots: options.snapshots ?? usualSnapshots,
    read: (document, after) =>
      ask((tag) => ({ type: 'read', tag, document, after, max: 1024 * 1024 }), 'records'),
    async append(document, record) {
      try {
        const answer = await ask((tag) => ({ type: 'append', tag, document, record }), 'appended');
        acknowledged = options.now();
        return answer;
      } catch (error) {
        if (error instanceof RelayRefusal) hinder(error.code, error.message);
        throw error;
      }
    },
    async confirm(document, offset, record) {
      const about = { mailbox, incarnation, document, offset, record };
      const sig = await source.sign(confirmBytes(about));
      // Another may have confirmed it before.
      ask((tag) => ({ type: 'confirm', tag, document, offset, sig }), 'ok').catch(() => undefined);
    },
    put(document, place) {
      places.put(mailbox, document, place);
      if (place.offset > 0) watch?.moved(document, place.offset, place.chain);
    },
    alarm: options.onAlarm,
    refused: options.onRefused,
    failed,
    changed: options.onChange,
    now: options.now,
    told: () => told,
    later,
  };

  const documents = createDocuments(context, idOf);
  const signer: Pick<Signer, 'publicKey' | 'sign'> = {
    get publicKey() {
      return source.publicKey;
    },
    sign: (bytes) => source.sign(bytes),
  };
  const admitting = createAdmitting({ ...options, mailbox, signer, ask, send, later, hinder });
  const meeting = createMeeting({ source, named: documents.named, documentAt: documents.at, isOver });

  let inventory: Extent[] = [];

  async function greeted(hello: Extract<ToClient, { readonly type: 'hello' }>): Promise<void> {
    if (options.relay !== undefined && hello.key !== options.relay) {
      const message = 'another relay answers than the one that was added';
      options.onAlarm('impostor', undefined, message);
      hinder('impostor', message);
      end(1008, 'another relay');
      return;
    }
    if (hello.list === 0) {
      await admitting.create();
      return;
    }
    trouble = undefined;
    incarnation = hello.incarnation;
    const before = places.incarnation(mailbox);
    if (before !== incarnation) {
      if (before !== undefined)
        options.onAlarm('replaced', undefined, 'the mailbox was made anew; everything is brought again');
      await places.begin(mailbox, incarnation);
    }
    watch?.close();
    watch = source.heads?.watch({ relay: hello.key, mailbox, incarnation, alarm: options.onAlarm });
    admitting.met();
    if (!founding) {
      hinder('no_key', 'no other replica has handed over the keys of this workspace yet');
      return;
    }
    send({ type: 'subscribe' });
    inventory = [];
    send({ type: 'inventory', after: '' });
  }

  async function met(): Promise<void> {
    const extents = new Map(inventory.map((extent) => [extent.document, extent]));
    for (const { document, last } of inventory) watch?.shown(document, last);
    for (const [id, place] of await places.all(mailbox)) {
      const extent = extents.get(id);
      const kept = extent !== undefined && extent.last >= place.offset;
      const same = kept && (extent.last > place.offset || extent.chain === place.chain);
      if (same) {
        documents.at(id, place);
        if (place.offset > 0) watch?.moved(id, place.offset, place.chain);
      } else
        options.onAlarm('rolled_back', id, `record ${place.offset} was there, and is not there as it was`);
    }
    await meeting.run(extents);
    // What came up meanwhile.
    for (const document of early) documents.at(documents.named(document), undefined, document);
    early.clear();
    for (const document of documents.all()) if (!document.met) await document.meet(undefined);
    if (isOver()) return;
    state = 'live';
    watch?.caughtUp();
    confirmOwn();
    await source.caughtUp();
    options.onChange();
  }

  function confirmOwn(): void {
    for (const document of documents.all()) document.confirmOwn();
    later(confirmOwn, confirmEach, confirmEach);
  }

  function served(message: ToClient): void {
    switch (message.type) {
      case 'hello':
        greeted(message).catch(failed);
        return;
      case 'inventory': {
        inventory.push(...message.documents);
        const after = message.documents.at(-1)?.document;
        if (!message.last && after !== undefined) send({ type: 'inventory', after });
        else met().catch(failed);
        return;
      }
      case 'entry':
        watch?.shown(message.document, message.offset);
        documents.entry(message, state === 'live');
        return;
      case 'ping':
        send({ type: 'pong', number: message.number });
        return;
      case 'bye':
        hinder('failed', message.reason);
        end(message.code, message.reason);
        return;
      case 'list':
      case 'joined':
        admitting.told(message);
        return;
      case 'letter':
        admitting.letter(message).catch(failed);
        return;
      case 'records':
      case 'appended':
      case 'ok':
      case 'error':
        asking.answered(message);
        return;
      default:
    }
  }

  const stopUpdates = source.onUpdate(({ document, origin }) => {
    if (document.startsWith('log/members/')) admitting.changed();
    if (state === 'closed' || incarnation === '' || origin === options.session) return;
    const id = documents.named(document);
    const isNew = !documents.has(id);
    // One that the meeting has not come to is met by it; a new one is met here.
    if (isNew && state !== 'live') {
      early.add(document);
      return;
    }
    const one = documents.at(id, undefined, document);
    told += 1;
    one.want(told);
    const touch = (): void => (isNew ? void one.meet(undefined) : one.touch());
    if (origin === undefined) touch();
    else later(touch, othersFrom, othersTo);
  });
  const stopKeys = source.keyring.onChange(() => {
    if (source.keyring.founding()?.id !== founding?.id) {
      end(1000, 'documents have other names now');
      return;
    }
    admitting.changed();
    for (const document of documents.all()) document.unlock();
  });

  function renew(): void {
    later(
      () => {
        options.prove(mailbox).then((token) => send({ type: 'token', token }), failed);
        renew();
      },
      renewEach,
      renewEach,
    );
  }

  function over(): void {
    if (isOver()) return;
    state = 'closed';
    stopUpdates();
    stopKeys();
    watch?.close();
    for (const cancel of timers) cancel();
    timers.clear();
    asking.end();
    source.forget(options.session);
    options.onChange();
  }

  function end(code: number, reason: string): void {
    over();
    transport.close(code, reason);
  }

  send({ type: 'hello', versions: [1], capabilities: [] });
  renew();

  return {
    mailbox,
    get state() {
      return state;
    },
    get lag() {
      return documents.behind();
    },
    get acknowledged() {
      return acknowledged;
    },
    get trouble() {
      return trouble;
    },
    mark: () => documents.mark(() => state === 'live'),
    receive(frame) {
      if (isOver()) return;
      const decoded = decodeFromRelay(frame);
      if (decoded.kind === 'bad') {
        hinder('invalid', decoded.reason);
        end(decoded.code, decoded.reason);
      } else if (decoded.kind === 'message') served(decoded.message);
    },
    closed: over,
  };
}
