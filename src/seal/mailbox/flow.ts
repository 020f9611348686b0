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

export interface FlowOptions {
  readonly mailbox: Mailbox;
  readonly transport: SessionTransport;
  readonly write: (frame: Uint8Array) => void;
}

/** Bytes of one piece of what a reader missed. */
const pieceBytes = 256 * 1024;

/**
 * Who reads slowly is sent records later, from disk; who asks or sends too much is not read until that is made up for.
 * Nothing is queued here but questions, whose number is bounded.
 */
export function openFlow({ mailbox, transport, write }: FlowOptions): Flow {
  const { limits, counts, now } = mailbox;
  const questions: (() => Promise<void>)[] = [];
  /** Offsets from which on a document was not sent. */
  const behind = new Map<string, number>();
  const waiting: (() => void)[] = [];
  let asking = false;
  let catching = false;
  let inbound = 0;
  let allowance = limits.burst;
  let refilled = now();
  let paused = false;
  let ended = false;

  const congested = (): boolean => transport.buffered() > limits.congestedBytes;

  /** Resolves when there is room, or the session has ended. */
  const room = (): Promise<void> =>
    ended || !congested() ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));

  function refill(): void {
    const at = now();
    allowance = Math.min(limits.burst, allowance + (Math.max(0, at - refilled) * limits.perSecond) / 1000);
    refilled = at;
  }

  /** Stops reading, or goes on. */
  function steer(): void {
    const over = inbound > limits.inboundBytes || questions.length >= limits.questions || allowance < 0;
    const enough =
      inbound <= limits.inboundBytes / 2 && questions.length < limits.questions / 2 && allowance >= 0;
    if (!paused && over) {
      paused = true;
      transport.pause?.();
    } else if (paused && enough) {
      paused = false;
      transport.resume?.();
    }
  }

  async function answer(): Promise<void> {
    asking = true;
    for (let question = questions.shift(); question && !ended; question = questions.shift()) {
      steer();
      await room();
      if (ended) break;
      await question().catch(mailbox.onTrouble);
    }
    asking = false;
    steer();
  }

  function ask(question: () => Promise<void>): void {
    questions.push(question);
    steer();
    if (!asking) void answer();
  }

  /** Sends what was missed of one document, and takes it for live again once nothing is left. */
  async function catchUp(document: string): Promise<void> {
    for (;;) {
      await room();
      const next = behind.get(document);
      if (ended || next === undefined) return;
      const piece = await readRecords(mailbox, document, { after: next - 1, max: pieceBytes });
      if (ended) return;
      for (const [i, record] of piece.records.entries())
        write(encodeToClient({ type: 'entry', document, offset: piece.from + i, record }));
      const end = piece.from + piece.records.length;
      // Without a pause since the look at what is durable, nothing came between.
      if (end > (mailbox.state.documents.get(document)?.durable.last ?? 0)) {
        behind.delete(document);
        return;
      }
      behind.set(document, end);
    }
  }

  async function catchAll(): Promise<void> {
    catching = true;
    try {
      for (let [document] = behind.keys(); document !== undefined && !ended; [document] = behind.keys())
        await catchUp(document);
    } catch (error) {
      behind.clear();
      mailbox.onTrouble(error);
    } finally {
      catching = false;
    }
  }

  return {
    entry(document, offset, frame) {
      if (behind.size === 0 && !congested()) {
        counts.entries += 1;
        write(frame);
        return;
      }
      if (behind.has(document)) return;
      behind.set(document, offset);
      counts.lagged += 1;
      if (!catching) void catchAll();
    },
    taken(bytes) {
      inbound += bytes;
      steer();
      return () => {
        inbound -= bytes;
        steer();
      };
    },
    ask,
    spend(cost) {
      if (allowance < cost) refill();
      allowance -= cost;
      steer();
      // One that was paused may still hand over what had come; a transport that can't be paused is bounded here.
      return allowance > -limits.burst;
    },
    drained() {
      if (congested()) return;
      for (const go of waiting.splice(0)) go();
    },
    tick() {
      if (!paused) return;
      refill();
      steer();
    },
    end() {
      ended = true;
      questions.length = 0;
      behind.clear();
      for (const go of waiting.splice(0)) go();
    },
  };
}
