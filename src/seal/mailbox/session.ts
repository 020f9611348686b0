import { closeCodes } from '../../../schemas/protocol.ts';
import { revokedReason, sealedProtocol } from '../../../schemas/sealed.ts';
import { toBase64url } from '../../op/index.ts';
import type { SessionTransport } from '../../sync/session/types.ts';
import { decodeFromClient, encodeToClient, type ToClient, type ToRelay } from '../wire.ts';
import { count } from './counts.ts';
import { type Flow, openFlow } from './flow.ts';
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

/** A class, since thousands of them do nothing most of the time: methods are shared, closures are not. */
class Session implements OwnSession {
  readonly key: string;
  phase: OwnSession['phase'] = 'greeting';
  subscribed = false;
  expires: number;
  readonly #mailbox: Mailbox;
  readonly #transport: SessionTransport;
  readonly #flow: Flow;
  readonly #since: number;

  constructor(mailbox: Mailbox, { key, expires }: Proven, transport: SessionTransport) {
    this.key = key;
    this.expires = expires;
    this.#mailbox = mailbox;
    this.#transport = transport;
    this.#since = mailbox.now();
    this.#flow = openFlow(mailbox, transport);
    mailbox.counts.sessions += 1;
  }

  send(message: ToClient): void {
    if (this.phase !== 'closed') this.#transport.send(encodeToClient(message));
  }

  entry(document: string, offset: number, frame: Uint8Array): void {
    this.#flow.entry(document, offset, frame);
  }

  taken(bytes: number): () => void {
    return this.#flow.taken(bytes);
  }

  ask(question: () => Promise<void>): void {
    this.#flow.ask(question);
  }

  spend(cost: number): void {
    if (!this.#flow.spend(cost)) this.close(closeCodes.busy, 'too many frames');
  }

  greet(): void {
    const { state, signer, limits } = this.#mailbox;
    const { head, admitted } = state;
    if (head && !isAdmitted(state, this.key)) {
      this.stranger();
      return;
    }
    this.phase = head ? 'open' : 'new';
    this.send({
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
    for (const joined of state.joined.values()) this.send({ type: 'joined', text: JSON.stringify(joined) });
    if (state.letters.size > 0) this.ask(() => sendLetters(this.#mailbox, this));
  }

  hello({ versions }: Extract<ToRelay, { readonly type: 'hello' }>): void {
    if (this.phase !== 'greeting') this.close(closeCodes.malformed, 'a second hello');
    else if (versions.includes(1)) this.greet();
    else this.close(closeCodes.version, `this relay speaks version ${sealedProtocol.versions.join(', ')}`);
  }

  subscribe(): void {
    this.subscribed = true;
  }

  renew({ key, expires }: Proven): void {
    if (key === this.key) this.expires = Math.max(this.expires, expires);
    else this.close(closeCodes.unproven, 'the proof is of another key');
  }

  stranger(): void {
    const isRevoked = this.#mailbox.state.admitted?.list.revoked.includes(this.key) === true;
    this.close(closeCodes.stranger, isRevoked ? revokedReason : 'this key is not admitted to the mailbox');
  }

  tick(): void {
    const now = this.#mailbox.now();
    if (now >= this.expires) this.close(closeCodes.unproven, 'the proof of key has expired');
    else if (this.phase !== 'open' && now > this.#since + idle)
      this.close(closeCodes.silent, 'it came into no mailbox');
    else this.#flow.tick();
  }

  receive(frame: Uint8Array): void {
    if (this.phase === 'closed') return;
    this.spend(1 + (frame.length >>> 12));
    const decoded = decodeFromClient(frame);
    if (decoded.kind === 'bad') this.close(decoded.code, decoded.reason);
    else if (decoded.kind === 'message') serve(this.#mailbox, this, decoded.message);
  }

  drained(): void {
    this.#flow.drained();
  }

  closed(code: number): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    const { sessions, counts } = this.#mailbox;
    sessions.delete(this);
    this.#flow.end();
    counts.sessions -= 1;
    count(counts.closes, code);
  }

  close(code: number, reason: string): void {
    if (this.phase === 'closed') return;
    this.send({ type: 'bye', code, reason });
    this.closed(code);
    this.#transport.close(code, reason);
  }
}

/** The session of a connection whose other end proved a key. */
export const openSession = (mailbox: Mailbox, proven: Proven, transport: SessionTransport): OwnSession =>
  new Session(mailbox, proven, transport);
