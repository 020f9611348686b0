import { CoterieError } from '../../../schemas/index.ts';
import { closeCodes, muxProtocol } from '../../../schemas/protocol.ts';
import type { SyncSource } from '../port.ts';
import { type ControlMessage, encodeControl } from '../wire.ts';
import type { Used } from './allowance.ts';
import type { ChannelTable } from './channels.ts';
import type { Announced } from './digests/announce.ts';
import type { Listing } from './digests/inventory.ts';
import type { Unrest } from './digests/recheck.ts';
import type { Trouble } from './digests/repair.ts';
import type { Queue } from './digests/work.ts';
import type { Meeting } from './handshake.ts';
import type { Waiting } from './inbox.ts';
import type { Held } from './outbox.ts';
import type { Telling } from './telling.ts';
import type { MetPeer, SessionEvent, SessionOptions, SessionState } from './types.ts';

/** Work that is under way at a time; more is a peer that asks faster than it can be answered. */
const maxLoad = 4096;
/** A peer that lets so much wait reads nothing at all, bytes. */
const unreadBytes = 8 * muxProtocol.congestedBytes;

/**
 * The state of one session, and what all its parts do with it. The parts are functions that every session shares: a
 * relay has thousands of sessions that are idle, and each costs only what stands here. What belongs to one part is
 * made when it is needed first.
 */
export class Core {
  readonly options: SessionOptions;
  readonly source: SyncSource;
  state: SessionState = { phase: 'greeting' };
  /** Since its hello. */
  peer: MetPeer | undefined;
  /** Messages with data: sent, known to be durable there, durable here. */
  sent = 0;
  stored = 0;
  received = 0;
  acknowledgedAt: number | undefined;
  /** The last comparison of the workspaces. */
  equal: boolean | undefined;
  comparedAt: number | undefined;
  /** Comparisons in a row, since the first exchange, that found a difference. */
  differences = 0;
  /** The root that was sent last only asks whether both are equal: nothing is exchanged for it. */
  looking = false;
  /** When anything was heard last, ms. */
  heard: number;
  /** Since when an answer is waited for, as was seen at a pulse, and none came, ms. */
  unanswered: number | undefined;
  /** Since when the peer could say that it stored more, as was seen at a pulse, and did not, ms. */
  unstored: number | undefined;
  pings = 0;
  /** Updates are noted from here on: the root that was sent, or will be, does not have them. */
  tracking = false;

  /** Until both sides met. */
  meeting: Meeting | undefined;
  listing: Listing | undefined;
  queue: Queue | undefined;
  channels: ChannelTable | undefined;
  waiting: Waiting | undefined;
  held: Held | undefined;
  announced: Announced | undefined;
  unrest: Unrest | undefined;
  troubles: Map<string, Trouble> | undefined;
  /** The peer takes statements of who is present. */
  takesPresence = false;
  /** What it is to be told of them, once both are in step. */
  presence: Telling | undefined;
  /** The peer takes statements of how far mailboxes were read. */
  takesHeads = false;
  heads: Telling | undefined;
  /** Keys of the peer that wait for an answer. */
  asked = 0;
  /** What the peer made this side do lately. */
  used: Used | undefined;
  /** Bytes of state vectors of the peer that wait for an answer. */
  wanted = 0;

  #load = 0;
  /** Why nothing is read of the peer now. */
  #stopped: Set<'asks' | 'stores'> | undefined;
  #over = false;
  readonly #timers = new Set<() => void>();

  constructor(options: SessionOptions) {
    this.options = options;
    this.source = options.source;
    this.heard = options.now();
  }

  /** False from the first close on: nothing is sent or done any more. */
  alive(): boolean {
    return !this.#over;
  }

  /** Both sides are admitted, and both know. */
  met(): boolean {
    return this.state.phase === 'syncing' || this.state.phase === 'live';
  }

  /** True while the source is asked for something: what this side waits for is itself. */
  isAsking(): boolean {
    return this.#load > 0;
  }

  /** Something came that was asked for. */
  answered(): void {
    this.unanswered = undefined;
  }

  send(message: ControlMessage): void {
    this.sendFrame(encodeControl(message));
  }

  sendFrame(frame: Uint8Array): void {
    if (this.#over) return;
    const { transport } = this.options;
    transport.send(frame);
    if (transport.buffered() > unreadBytes) this.close(closeCodes.busy, 'nothing is read');
  }

  /** True while so much waits to be sent that updates are held back. */
  congested(): boolean {
    return this.options.transport.buffered() > muxProtocol.congestedBytes;
  }

  /** True while no question is answered: too much waits to be sent, or too much was asked. */
  isFull(): boolean {
    return this.congested() || this.used?.spent === true;
  }

  /** Reads nothing more of the peer until each reason for it is gone. */
  pause(why: 'asks' | 'stores'): void {
    this.#stopped ??= new Set();
    if (this.#stopped.size === 0) this.options.transport.pause?.();
    this.#stopped.add(why);
  }

  resume(why: 'asks' | 'stores'): void {
    if (!this.#stopped?.delete(why) || this.#stopped.size > 0) return;
    this.#stopped = undefined;
    this.options.transport.resume?.();
  }

  /** Runs what asks the source; the session closes when it rejects. With `after`, once that is done. */
  async work(task: () => Promise<void>, after?: Promise<void>): Promise<void> {
    if (++this.#load > maxLoad) this.close(closeCodes.busy, 'too much is asked at a time');
    try {
      if (after) await after;
      if (!this.#over) await task();
    } catch (error) {
      const known = error instanceof CoterieError;
      const code = known && error.code === 'invalid' ? closeCodes.malformed : closeCodes.failed;
      this.close(code, known ? error.message : 'this side failed');
    } finally {
      this.#load--;
    }
  }

  /** Runs a task after a while unless the session is closed by then. */
  later(ms: number, task: () => void): void {
    if (this.#over) return;
    const cancel = this.options.timer(() => {
      this.#timers.delete(cancel);
      if (!this.#over) task();
    }, ms);
    this.#timers.add(cancel);
  }

  /** A time between two, ms. */
  jitter(low: number, high: number): number {
    const [a = 0, b = 0] = this.options.random(2);
    return Math.round(low + ((high - low) * (a * 256 + b)) / 65_536);
  }

  emit(event: SessionEvent): void {
    if (!this.#over) this.options.onEvent(event);
  }

  outOfTurn(type: string): void {
    this.close(closeCodes.malformed, `${type} out of turn`);
  }

  close(code: number, reason: string): void {
    if (this.#over) return;
    this.options.transport.send(encodeControl({ type: 'bye', code, reason: reason.slice(0, 80) }));
    this.#end({ phase: 'closing', code, reason });
    this.options.transport.close(code, reason);
  }

  closed(code: number, reason: string): void {
    if (this.state.phase === 'closing') this.state = { ...this.state, phase: 'closed' };
    else if (this.state.phase !== 'closed') this.#end({ phase: 'closed', code, reason });
  }

  #end(state: SessionState & { phase: 'closing' | 'closed' }): void {
    this.state = state;
    if (this.#over) return;
    this.#over = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.meeting = undefined;
    this.queue = undefined;
    this.waiting = undefined;
    this.held = undefined;
    this.presence?.stop();
    this.presence = undefined;
    this.heads?.stop();
    this.heads = undefined;
    this.options.onEvent({ type: 'closed', code: state.code, reason: state.reason });
  }
}
