import { CoterieError } from '../../schemas/index.ts';
import { closeCodes } from '../../schemas/protocol.ts';
import { sealedProtocol } from '../../schemas/sealed.ts';
import type { Mailboxes, MailboxSession } from '../../src/seal/mailbox/index.ts';
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

interface Watched {
  heard: number;
  silent: number;
}

export function openSealedSockets({ mailboxes, prove, sockets }: SealedSocketsOptions): SealedSockets {
  const { subprotocol, frameBytes } = sealedProtocol;
  const accept = openAcceptor({
    // A little above the limit, so that the session can say what was wrong.
    maxPayload: frameBytes + 64 * 1024,
    choose: (offered) => (offered.has(subprotocol) ? subprotocol : undefined),
  });
  const crowd = openCrowd(sockets);
  const open = new Map<Socket, Watched>();
  let closed = false;

  function opened(socket: Socket, mailbox: string, token: string | undefined): SocketEvents {
    let session: MailboxSession | undefined;
    let ended = false;
    let waiting: Uint8Array[] = [];
    open.set(socket, { heard: 0, silent: 0 });

    async function enter(): Promise<void> {
      if (socket.protocol !== subprotocol) {
        socket.close(closeCodes.version, `the subprotocol here is ${subprotocol}`);
        return;
      }
      const proven = token === undefined ? { refused: 'missing' } : await prove(token, mailbox);
      if (ended) return;
      if ('refused' in proven) {
        socket.close(closeCodes.unproven, `the proof of key is ${proven.refused}`);
        return;
      }
      session = mailboxes.join(mailbox, proven, {
        send: (frame) => socket.send(frame),
        buffered: () => socket.buffered(),
        close: (code, reason) => socket.close(code, reason),
        pause: () => socket.pause(),
        resume: () => socket.resume(),
      });
      for (const frame of waiting) session.receive(frame);
      waiting = [];
    }
    enter().catch(() => socket.close(closeCodes.failed, 'the relay failed'));

    return {
      message(frame) {
        if (session) session.receive(frame);
        else if (waiting.length < early) waiting.push(frame);
        else socket.cut();
      },
      drained: () => session?.drained(),
      closed(code, reason) {
        ended = true;
        open.delete(socket);
        session?.closed(code, reason);
      },
    };
  }

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
      accept(incoming, raw, head, (socket) => opened(socket, mailbox, token));
      return undefined;
    },
    sweep() {
      for (const [socket, watched] of open) {
        const heard = socket.heard();
        watched.silent = heard === watched.heard ? watched.silent + 1 : 0;
        watched.heard = heard;
        if (watched.silent > 2) socket.cut();
        else if (watched.silent > 0) socket.ping();
      }
    },
    close() {
      closed = true;
    },
  };
}
