import type { SessionTransport } from '../../sync/session/types.ts';
import type { Proven } from './mailbox.ts';
import type { MailboxSession } from './session.ts';

/** A session whose mailbox is being read: it keeps what comes until that is there. */
export class Entering implements MailboxSession {
  readonly key: string;
  readonly #expires: number;
  readonly #transport: SessionTransport;
  #session: MailboxSession | undefined;
  #waiting: Uint8Array[] | undefined;
  #ended = false;

  constructor({ key, expires }: Proven, transport: SessionTransport) {
    this.key = key;
    this.#expires = expires;
    this.#transport = transport;
  }

  /** The mailbox is there. */
  enter(session: MailboxSession): void {
    this.#session = session;
    for (const frame of this.#waiting ?? []) session.receive(frame);
    this.#waiting = undefined;
  }

  get phase(): MailboxSession['phase'] {
    return this.#session?.phase ?? (this.#ended ? 'closed' : 'greeting');
  }

  get subscribed(): boolean {
    return this.#session?.subscribed ?? false;
  }

  get expires(): number {
    return this.#session?.expires ?? this.#expires;
  }

  receive(frame: Uint8Array): void {
    if (this.#session) this.#session.receive(frame);
    else if (!this.#ended) {
      this.#waiting ??= [];
      this.#waiting.push(frame);
    }
  }

  drained(): void {
    this.#session?.drained();
  }

  closed(code: number, reason: string): void {
    this.#ended = true;
    this.#session?.closed(code, reason);
  }

  close(code: number, reason: string): void {
    if (this.#session) this.#session.close(code, reason);
    else if (!this.#ended) this.#transport.close(code, reason);
    this.#ended = true;
  }
}
