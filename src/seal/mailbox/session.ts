import { closeCodes } from '../../../schemas/protocol.ts';
import { sealedProtocol } from '../../../schemas/sealed.ts';
import { toBase64url } from '../../op/index.ts';
import type { SessionTransport } from '../../sync/session/types.ts';
import { decodeFromClient, encodeToClient, type ToClient, type ToRelay } from '../wire.ts';
import { count } from './counts.ts';
import { openFlow } from './flow.ts';
import { sendLetters } from './letters.ts';
import type { Mailbox, Proven } from './mailbox.ts';
import { serve } from './serve.ts';
import { isAdmitted } from './state.ts';

/** One connection of a replica with its mailbox: frames in, frames out. It never throws. */
export interface MailboxSession {
  /** The key that it proved. */
  readonly key: string;
  /** `new`: it is greeted, and there is no mailbox yet. */
  readonly phase: 'greeting' | 'new' | 'open' | 'closed';
  readonly subscribed: boolean;
  /** When its proof ends, ms. */
  readonly expires: number;
  /** Since when it is connected, ms. */
  readonly since: number;
  /** A frame came. */
  receive(frame: Uint8Array): void;
  /** The transport can take more again. */
  drained(): void;
  /** The transport is down. */
  closed(code: number, reason: string): void;
  /** Says why and closes the transport. */
  close(code: number, reason: string): void;
}

/** A session as its mailbox uses it. */
export interface OwnSession extends MailboxSession {
  readonly transport: SessionTransport;
  send(message: ToClient): void;
  /** A record of another session became durable. */
  entry(document: string, offset: number, frame: Uint8Array): void;
  /** A record came that is not durable yet; called when it is. */
  taken(bytes: number): () => void;
  /** Answers questions one after another, each when there is room for what it says. */
  ask(question: () => Promise<void>): void;
  /** Says hello, if its key is admitted or there is no mailbox. */
  greet(): void;
  hello(message: Extract<ToRelay, { readonly type: 'hello' }>): void;
  subscribe(): void;
  renew(proven: Proven): void;
  /** Its key is not admitted. */
  stranger(): void;
  /** Counts what a frame costs; work that strangers could ask for without end is slowed down. */
  spend(cost: number): void;
  /** Time has passed. */
  tick(): void;
}

/** How long one may be connected without being in a mailbox, ms. */
const idle = 10_000;
const none = toBase64url(new Uint8Array(32));

/** The session of a connection whose other end proved a key. */
export function openSession(mailbox: Mailbox, proven: Proven, transport: SessionTransport): OwnSession {
  const { state, limits, signer, counts } = mailbox;
  let { expires } = proven;
  const { key } = proven;
  const since = mailbox.now();
  let phase: OwnSession['phase'] = 'greeting';
  let subscribed = false;

  const write = (frame: Uint8Array): void => {
    if (phase !== 'closed') transport.send(frame);
  };

  function end(code: number): void {
    if (phase === 'closed') return;
    phase = 'closed';
    mailbox.sessions.delete(session);
    flow.end();
    counts.sessions -= 1;
    count(counts.closes, code);
  }

  const flow = openFlow({ mailbox, transport, write });

  const session: OwnSession = {
    key,
    since,
    transport,
    get phase() {
      return phase;
    },
    get subscribed() {
      return subscribed;
    },
    get expires() {
      return expires;
    },
    send: (message) => write(encodeToClient(message)),
    entry: flow.entry,
    taken: flow.taken,
    ask: flow.ask,
    spend(cost) {
      if (!flow.spend(cost)) session.close(closeCodes.busy, 'too many frames');
    },
    greet() {
      const { head, admitted } = state;
      if (head && !isAdmitted(state, key)) {
        session.stranger();
        return;
      }
      phase = head ? 'open' : 'new';
      session.send({
        type: 'hello',
        version: 1,
        capabilities: sealedProtocol.capabilities,
        incarnation: head?.incarnation ?? none,
        key: signer.publicKey,
        list: admitted?.list.version ?? 0,
        usedBytes: head?.bytes ?? 0,
        quotaBytes: limits.bytes,
        records: head?.records ?? 0,
      });
      if (!head) return;
      for (const joined of state.joined.values())
        session.send({ type: 'joined', text: JSON.stringify(joined) });
      if (state.letters.size > 0) session.ask(() => sendLetters(mailbox, session));
    },
    hello({ versions }) {
      if (phase !== 'greeting') session.close(closeCodes.malformed, 'a second hello');
      else if (!versions.includes(1))
        session.close(closeCodes.version, `this relay speaks version ${sealedProtocol.versions.join(', ')}`);
      else session.greet();
    },
    subscribe() {
      subscribed = true;
    },
    renew(renewed) {
      if (renewed.key === key) expires = Math.max(expires, renewed.expires);
      else session.close(closeCodes.unproven, 'the proof is of another key');
    },
    stranger: () => session.close(closeCodes.stranger, 'this key is not admitted to the mailbox'),
    tick() {
      const now = mailbox.now();
      if (now >= expires) session.close(closeCodes.unproven, 'the proof of key has expired');
      else if (phase !== 'open' && now > since + idle)
        session.close(closeCodes.silent, 'it came into no mailbox');
      else flow.tick();
    },
    receive(frame) {
      if (phase === 'closed') return;
      session.spend(1);
      const decoded = decodeFromClient(frame);
      if (decoded.kind === 'bad') session.close(decoded.code, decoded.reason);
      else if (decoded.kind === 'message') serve(mailbox, session, decoded.message);
    },
    drained: flow.drained,
    closed: (code) => end(code),
    close(code, reason) {
      if (phase === 'closed') return;
      session.send({ type: 'bye', code, reason });
      end(code);
      transport.close(code, reason);
    },
  };
  counts.sessions += 1;
  return session;
}
