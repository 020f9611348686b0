import {
  type Admission,
  type AdmissionRequest,
  CoterieError,
  type ErrorCode,
} from '../../../schemas/index.ts';
import { closeCodes } from '../../../schemas/protocol.ts';
import { type SealedError, type SealedInvite, sealedProtocol } from '../../../schemas/sealed.ts';
import type { SessionTransport } from '../../sync/session/types.ts';
import { type Counts, openCounts } from './counts.ts';
import { Entering } from './entering.ts';
import { countersignAt, endInvite, registerInvite } from './invites.ts';
import { type MailboxLimits, usualLimits } from './limits.ts';
import { type Mailbox, type MailboxOptions, openMailbox, type Proven, Refusal } from './mailbox.ts';
import { type Piece, readRecords } from './reading.ts';
import { inviteIndexKey } from './rows.ts';
import { type MailboxSession, type OwnSession, openSession } from './session.ts';
import { isAdmitted, loadMailbox } from './state.ts';
import { openTrims } from './trims.ts';

export interface MailboxesOptions extends Omit<MailboxOptions, 'limits' | 'counts' | 'claims' | 'trims'> {
  readonly limits?: Partial<MailboxLimits> | undefined;
}

/**
 * All mailboxes of a store: each is read when somebody comes, and let go when nobody is there. It has no sockets, and
 * no clock but `now`: whoever has it calls `tick` a few times a second.
 */
export interface Mailboxes {
  /** A connection whose other end proved a key for this mailbox. */
  join(mailbox: string, proven: Proven, transport: SessionTransport): MailboxSession;
  /** Countersigns who joins by an invite. Rejects with the errors of tickets, as a node does. */
  countersign(invite: string, request: AdmissionRequest): Promise<Admission>;
  /** Resolves with whether a key may use a mailbox. */
  admits(mailbox: string, key: string): Promise<boolean>;
  /**
   * Records after an offset, for who is admitted and has no session yet. Rejects with `forbidden`, and `not_found` for a
   * document that is not there.
   */
  read(mailbox: string, key: string, document: string, after: number): Promise<Piece>;
  /** Registers an invite of a mailbox, or ends one. Rejects with `forbidden`, `exists`, `not_found`, `busy`. */
  invite(mailbox: string, key: string, asked: SealedInvite): Promise<void>;
  uninvite(mailbox: string, key: string, invite: string): Promise<void>;
  readonly counts: Counts;
  /** Ends what is over, lets go of what nobody uses, and takes off the disk what was trimmed. */
  tick(): void;
  /** Ends all sessions; resolves when what was taken is durable. */
  close(): Promise<void>;
}

interface Held {
  readonly loading: Promise<Mailbox>;
  mailbox: Mailbox | undefined;
  /** Sessions, and others, that wait for it or use it. */
  users: number;
  /** Since when nobody does, ms. */
  since: number;
}

const codes: Readonly<Partial<Record<SealedError, ErrorCode>>> = {
  not_admin: 'forbidden',
  exists: 'exists',
  not_found: 'not_found',
  quota: 'busy',
};

/** A refusal as it is answered over HTTP. */
function said<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
    const code = codes[error.code];
    throw code ? new CoterieError(code, `${error.message}.`, { cause: error }) : error;
  });
}

export function openMailboxes({ limits: given, ...options }: MailboxesOptions): Mailboxes {
  const limits: MailboxLimits = { ...usualLimits, ...given };
  const counts = openCounts();
  const { store, now } = options;
  const trims = openTrims(store);
  const shared = { ...options, limits, counts, trims, claims: new Set<string>() };
  const held = new Map<string, Held>();
  let reopening: Promise<unknown> | undefined;
  let closed = false;

  function drop(id: string, one: Held): void {
    if (held.get(id) !== one) return;
    held.delete(id);
    if (one.mailbox) counts.open -= 1;
  }

  function failed(id: string, one: Held, error: unknown): void {
    options.onTrouble(error);
    shared.claims.clear();
    drop(id, one);
    for (const session of [...(one.mailbox?.sessions ?? [])])
      session.close(closeCodes.failed, 'the relay could not write');
  }

  async function load(id: string, one: () => Held): Promise<Mailbox> {
    if (store.failed) {
      reopening ??= store.reopen().finally(() => {
        reopening = undefined;
      });
      await reopening;
    }
    const state = await loadMailbox(store, id);
    counts.open += 1;
    return openMailbox({ ...shared, state, failed: (error) => failed(id, one(), error) });
  }

  function hold(id: string): Held {
    const known = held.get(id);
    if (known) return known;
    const one: Held = { loading: load(id, () => one), mailbox: undefined, users: 0, since: now() };
    held.set(id, one);
    one.loading.then(
      (mailbox) => {
        one.mailbox = mailbox;
      },
      () => drop(id, one),
    );
    return one;
  }

  /** Uses a mailbox for a while. */
  async function using<T>(id: string, work: (mailbox: Mailbox) => T | Promise<T>): Promise<T> {
    const one = hold(id);
    one.users += 1;
    try {
      return await work(await one.loading);
    } finally {
      one.users -= 1;
      one.since = now();
    }
  }

  /** Room for one more session, if need be that of the oldest with the same key. */
  function admit(mailbox: Mailbox, session: OwnSession): void {
    // Before it takes a place: anybody can prove some key.
    if (mailbox.state.head && !isAdmitted(mailbox.state, session.key)) {
      session.stranger();
      return;
    }
    const own = [...mailbox.sessions].filter(({ key }) => key === session.key);
    if (own.length >= limits.sessionsOfKey)
      own[0]?.close(closeCodes.duplicate, 'newer sessions of the same key are open');
    if (mailbox.sessions.size >= limits.sessions)
      session.close(closeCodes.busy, 'too many sessions are open');
    else mailbox.sessions.add(session);
  }

  function join(id: string, proven: Proven, transport: SessionTransport): MailboxSession {
    const entering = new Entering(proven, transport);
    // Little can come meanwhile, and what does is kept.
    transport.pause?.();
    using(id, (mailbox) => {
      if (entering.phase === 'closed') return;
      const session = openSession(mailbox, proven, transport);
      admit(mailbox, session);
      transport.resume?.();
      entering.enter(session);
    }).catch((error: unknown) => {
      options.onTrouble(error);
      entering.close(closeCodes.failed, 'the mailbox cannot be read');
    });
    return entering;
  }

  const inUse = ({ mailbox, users }: Held): boolean =>
    users > 0 || mailbox === undefined || mailbox.sessions.size > 0 || !mailbox.gather.idle;

  return {
    counts,
    join,
    async countersign(invite, request) {
      const row = await store.getConfirmed(inviteIndexKey(invite));
      if (!row || closed)
        throw new CoterieError('ticket_elsewhere', 'This relay does not countersign that ticket.');
      return using(Buffer.from(row).toString('utf8'), (mailbox) => countersignAt(mailbox, invite, request));
    },
    admits: (id, key) => using(id, ({ state }) => isAdmitted(state, key)),
    read: (id, key, document, after) =>
      using(id, async (mailbox) => {
        if (!isAdmitted(mailbox.state, key))
          throw new CoterieError('forbidden', 'The key is not admitted to that mailbox.');
        return said(readRecords(mailbox, document, { after, max: sealedProtocol.readBytes }));
      }),
    invite: (id, key, asked) => using(id, (mailbox) => said(registerInvite(mailbox, key, asked))),
    uninvite: (id, key, invite) => using(id, (mailbox) => said(endInvite(mailbox, key, invite))),
    tick() {
      const at = now();
      for (const [id, one] of held) {
        for (const session of [...(one.mailbox?.sessions ?? [])]) session.tick();
        if (inUse(one)) one.since = at;
        // Of what is none nothing is kept: anybody can name a mailbox.
        else if (!one.mailbox?.state.head) drop(id, one);
        else if (at - one.since >= limits.idle) drop(id, one);
      }
      trims.rewrite().catch(options.onTrouble);
    },
    async close() {
      closed = true;
      const all = [...held.values()];
      for (const { mailbox } of all)
        for (const session of [...(mailbox?.sessions ?? [])])
          session.close(closeCodes.goingAway, 'the relay is stopping');
      await Promise.all(all.map(async ({ loading }) => (await loading).gather.settled()));
      await trims.close();
    },
  };
}
