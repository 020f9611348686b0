import type { SessionTransport } from '../../sync/session/types.ts';
import { encodeToClient } from '../wire.ts';
import type { Mailbox } from './mailbox.ts';
import { readRecords } from './reading.ts';

/** How much a session takes and is sent at a time. */
export interface Flow {
  entry(document: string, offset: number, frame: Uint8Array): void;
  taken(bytes: number): () => void;
  ask(question: () => Promise<void>): void;
  /** False when far too much came. */
  spend(cost: number): boolean;
  drained(): void;
  tick(): void;
  end(): void;
}

/** Bytes of one piece of what a reader missed. */
const pieceBytes = 256 * 1024;

/**
 * Who reads slowly is sent records later, from disk; who asks or sends too much is not read until that is made up for.
 * Nothing is queued here but questions, whose number is bounded. What an idle session does not need is not made.
 */
class SessionFlow implements Flow {
  readonly #mailbox: Mailbox;
  readonly #transport: SessionTransport;
  #questions: (() => Promise<void>)[] | undefined;
  /** Offsets from which on a document was not sent. */
  #behind: Map<string, number> | undefined;
  #waiting: (() => void)[] | undefined;
  #inbound = 0;
  #allowance: number;
  #refilled: number;
  #paused = false;
  #ended = false;

  constructor(mailbox: Mailbox, transport: SessionTransport) {
    this.#mailbox = mailbox;
    this.#transport = transport;
    this.#allowance = mailbox.limits.burst;
    this.#refilled = mailbox.now();
  }

  get #congested(): boolean {
    return this.#transport.buffered() > this.#mailbox.limits.congestedBytes;
  }

  /** Resolves when there is room, or the session has ended. */
  async #room(): Promise<void> {
    if (this.#ended || !this.#congested) return;
    await new Promise<void>((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }

  #refill(): void {
    const { now, limits } = this.#mailbox;
    const at = now();
    const more = (Math.max(0, at - this.#refilled) * limits.perSecond) / 1000;
    this.#allowance = Math.min(limits.burst, this.#allowance + more);
    this.#refilled = at;
  }

  /** Stops reading, or goes on. */
  #steer(): void {
    const { inboundBytes, questions } = this.#mailbox.limits;
    const asked = this.#questions?.length ?? 0;
    if (this.#paused) {
      if (this.#inbound > inboundBytes / 2 || asked >= questions / 2 || this.#allowance < 0) return;
      this.#paused = false;
      this.#transport.resume?.();
    } else if (this.#inbound > inboundBytes || asked >= questions || this.#allowance < 0) {
      this.#paused = true;
      this.#transport.pause?.();
    }
  }

  ask(question: () => Promise<void>): void {
    if (this.#questions) this.#questions.push(question);
    else {
      this.#questions = [question];
      void this.#answer(this.#questions);
    }
    this.#steer();
  }

  async #answer(questions: (() => Promise<void>)[]): Promise<void> {
    for (let question = questions.shift(); question && !this.#ended; question = questions.shift()) {
      this.#steer();
      await this.#room();
      if (this.#ended) break;
      await question().catch(this.#mailbox.onTrouble);
    }
    this.#questions = undefined;
    this.#steer();
  }

  entry(document: string, offset: number, frame: Uint8Array): void {
    const { counts } = this.#mailbox;
    if (!this.#behind && !this.#congested) {
      counts.entries += 1;
      this.#transport.send(frame);
      return;
    }
    if (this.#behind?.has(document)) return;
    counts.lagged += 1;
    if (this.#behind) this.#behind.set(document, offset);
    else {
      this.#behind = new Map([[document, offset]]);
      void this.#catchAll(this.#behind);
    }
  }

  async #catchAll(behind: Map<string, number>): Promise<void> {
    try {
      for (let [document] = behind.keys(); document !== undefined && !this.#ended; [document] = behind.keys())
        await this.#catchUp(behind, document);
    } catch (error) {
      this.#mailbox.onTrouble(error);
    } finally {
      this.#behind = undefined;
    }
  }

  /** Sends what was missed of one document, and takes it for live again once nothing is left. */
  async #catchUp(behind: Map<string, number>, document: string): Promise<void> {
    for (;;) {
      await this.#room();
      const next = behind.get(document);
      if (this.#ended || next === undefined) return;
      const piece = await readRecords(this.#mailbox, document, { after: next - 1, max: pieceBytes });
      if (this.#ended) return;
      for (const [i, record] of piece.records.entries())
        this.#transport.send(encodeToClient({ type: 'entry', document, offset: piece.from + i, record }));
      const end = piece.from + piece.records.length;
      // Without a pause since the look at what is durable, nothing came between.
      if (end > (this.#mailbox.state.documents.get(document)?.durable.last ?? 0)) {
        behind.delete(document);
        if (behind.size === 0) this.#behind = undefined;
        return;
      }
      behind.set(document, end);
    }
  }

  taken(bytes: number): () => void {
    this.#inbound += bytes;
    this.#steer();
    return () => {
      this.#inbound -= bytes;
      this.#steer();
    };
  }

  spend(cost: number): boolean {
    if (this.#allowance < cost) this.#refill();
    this.#allowance -= cost;
    this.#steer();
    // One that was paused may still hand over what had come; a transport that can't be paused is bounded here.
    return this.#allowance > -this.#mailbox.limits.burst;
  }

  drained(): void {
    if (!this.#waiting || this.#congested) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const go of waiting) go();
  }

  tick(): void {
    if (!this.#paused) return;
    this.#refill();
    this.#steer();
  }

  end(): void {
    this.#ended = true;
    for (const go of this.#waiting ?? []) go();
    this.#waiting = undefined;
  }
}

export const openFlow = (mailbox: Mailbox, transport: SessionTransport): Flow =>
  new SessionFlow(mailbox, transport);
