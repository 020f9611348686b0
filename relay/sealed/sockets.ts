import { CoterieError } from '../../schemas/index.ts';
import { closeCodes } from '../../schemas/protocol.ts';
import { sealedProtocol } from '../../schemas/sealed.ts';
import type { Mailboxes, MailboxSession } from '../../src/seal/mailbox/index.ts';
import type { SessionTransport } from '../../src/sync/session/types.ts';
import type { Upgrade } from '../http/server.ts';
import { openAcceptor, type Socket, type SocketEvents } from '../mux/socket.ts';
import { verifyProof } from '../proof/verify.ts';
import { openCrowd } from '../rooms/crowd.ts';
import { tokenIn } from '../rooms/subprotocol.ts';
import { stopping } from '../stopping.ts';

export interface SealedSocketsOptions {
  readonly mailboxes: Pick<Mailboxes, 'join'>;
  readonly prove: Prove;
  /** Open sockets at most. */
  readonly sockets: number;
}

/** Whose key a token proves for a mailbox of this relay. */
export type Prove = (
  token: string,
  mailbox: string,
) => Promise<{ readonly key: string; readonly expires: number } | { readonly refused: string }>;

/** Checks proofs of key for the mailboxes of the relay with this key. */
export const proofsFor =
  (audience: string, now: () => number): Prove =>
  async (token, mailbox) => {
    const proven = await verifyProof(token, { audience, workspace: mailbox, now: now() });
    if ('refused' in proven) return proven;
    // Which document a record is of can't be known here.
    return proven.documents === '' ? proven : { refused: 'for one document alone' };
  };

/** The WebSockets of a sealed relay: `/sealed/<mailbox>`. */
export interface SealedSockets {
  readonly upgrade: Upgrade;
  /** Asks silent ones for a sign of life, and cuts off those that gave none since they were asked twice. */
  sweep(): void;
  /** No more are let in. */
  close(): void;
}

/** Frames that may come before it is known whose they are. */
const early = 64;

const place = /^\/sealed\/([A-Za-z0-9_-]{43})$/;

/** A socket of a mailbox, as both sides of it see it. A class, since thousands of them do nothing most of the time. */
class Guest implements SocketEvents, SessionTransport {
  readonly #socket: Socket;
  readonly #left: (guest: Guest) => void;
  #session: MailboxSession | undefined;
  #waiting: Uint8Array[] | undefined;
  #ended = false;
  #heard = 0;
  /** In how many sweeps nothing was heard. */
  #silent = 0;

  constructor(socket: Socket, left: (guest: Guest) => void) {
    this.#socket = socket;
    this.#left = left;
  }

  async enter(
    mailbox: string,
    token: string | undefined,
    { mailboxes, prove }: Pick<SealedSocketsOptions, 'mailboxes' | 'prove'>,
  ): Promise<void> {
    const { subprotocol } = sealedProtocol;
    if (this.#socket.protocol !== subprotocol) {
      this.close(closeCodes.version, `the subprotocol here is ${subprotocol}`);
      return;
    }
    const proven = token === undefined ? { refused: 'missing' } : await prove(token, mailbox);
    if (this.#ended) return;
    if ('refused' in proven) {
      this.close(closeCodes.unproven, `the proof of key is ${proven.refused}`);
      return;
    }
    this.#session = mailboxes.join(mailbox, { key: proven.key, expires: proven.expires }, this);
    for (const frame of this.#waiting ?? []) this.#session.receive(frame);
    this.#waiting = undefined;
  }

  send(frame: Uint8Array): void {
    this.#socket.send(frame);
  }

  buffered(): number {
    return this.#socket.buffered();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  message(frame: Uint8Array): void {
    if (this.#session) {
      this.#session.receive(frame);
      return;
    }
    this.#waiting ??= [];
    if (this.#waiting.length < early) this.#waiting.push(frame);
    else this.#socket.cut();
  }

  drained(): void {
    this.#session?.drained();
  }

  closed(code: number, reason: string): void {
    this.#ended = true;
    this.#left(this);
    this.#session?.closed(code, reason);
  }

  /** Asks for a sign of life, or cuts it off when it gave none since it was asked twice. */
  sweep(): void {
    const heard = this.#socket.heard();
    this.#silent = heard === this.#heard ? this.#silent + 1 : 0;
    this.#heard = heard;
    if (this.#silent > 2) this.#socket.cut();
    else if (this.#silent > 0) this.#socket.ping();
  }
}

export function openSealedSockets(options: SealedSocketsOptions): SealedSockets {
  const { subprotocol, frameBytes } = sealedProtocol;
  const accept = openAcceptor({
    // A little above the limit, so that the session can say what was wrong.
    maxPayload: frameBytes + 64 * 1024,
    choose: (offered) => (offered.has(subprotocol) ? subprotocol : undefined),
  });
  const crowd = openCrowd(options.sockets);
  const guests = new Set<Guest>();
  const left = (guest: Guest): void => void guests.delete(guest);
  let closed = false;

  return {
    upgrade(incoming, raw, head) {
      if (closed) return stopping();
      const path = (incoming.url ?? '/').split('?', 1)[0] ?? '';
      const [, mailbox] = place.exec(path) ?? [];
      if (mailbox === undefined)
        return new CoterieError('invalid', 'There is no WebSocket at this path.', {
          hint: 'Sealed mailboxes are at /sealed/<mailbox>.',
        });
      if (!crowd.enter(raw)) return new CoterieError('busy', 'Too many sockets are open.');
      const token = tokenIn(incoming.headers);
      accept(incoming, raw, head, (socket) => {
        const guest = new Guest(socket, left);
        guests.add(guest);
        guest.enter(mailbox, token, options).catch(() => guest.close(closeCodes.failed, 'the relay failed'));
        return guest;
      });
      return undefined;
    },
    sweep() {
      for (const guest of guests) guest.sweep();
    },
    close() {
      closed = true;
    },
  };
}
