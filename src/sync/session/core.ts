import { CoterieError } from '../../../schemas/index.ts';
import { closeCodes, muxProtocol } from '../../../schemas/protocol.ts';
import type { SyncSource } from '../port.ts';
import { type ControlMessage, encodeControl } from '../wire.ts';
import type { SessionEvent, SessionOptions, SessionState } from './types.ts';

/** Work that is under way at a time; more is a peer that asks faster than it can be answered. */
const maxLoad = 4096;
/** A peer that lets so much wait reads nothing at all, bytes. */
const unreadBytes = 8 * muxProtocol.congestedBytes;

/** What the parts of a session share. */
export interface Core {
  readonly options: SessionOptions;
  readonly source: SyncSource;
  state: SessionState;
  /** Messages with data: sent, known to be durable there, durable here. */
  sent: number;
  stored: number;
  received: number;
  /** False from the first close on: nothing is sent or done any more. */
  alive(): boolean;
  send(message: ControlMessage): void;
  sendFrame(frame: Uint8Array): void;
  /** True while so much waits to be sent that updates are held back. */
  congested(): boolean;
  /** Runs what asks the source; the session closes when it rejects. With `after`, once that is done. */
  work(task: () => Promise<void>, after?: Promise<void>): Promise<void>;
  /** Runs a task after a while unless the session is closed by then. */
  later(ms: number, task: () => void): void;
  /** A time between two, ms. */
  jitter(low: number, high: number): number;
  emit(event: SessionEvent): void;
  close(code: number, reason: string): void;
  closed(code: number, reason: string): void;
}

export function createCore(options: SessionOptions): Core {
  const { transport, source } = options;
  const timers = new Set<() => void>();
  let load = 0;
  let over = false;

  function end(state: SessionState & { phase: 'closing' | 'closed' }): void {
    core.state = state;
    if (over) return;
    over = true;
    for (const cancel of timers) cancel();
    timers.clear();
    options.onEvent({ type: 'closed', code: state.code, reason: state.reason });
  }

  function failed(error: unknown): void {
    const code =
      error instanceof CoterieError && error.code === 'invalid' ? closeCodes.malformed : closeCodes.failed;
    core.close(code, error instanceof CoterieError ? error.message : 'this side failed');
  }

  const core: Core = {
    options,
    source,
    state: { phase: 'greeting' },
    sent: 0,
    stored: 0,
    received: 0,
    alive: () => !over,
    send: (message) => core.sendFrame(encodeControl(message)),
    sendFrame(frame) {
      if (over) return;
      transport.send(frame);
      if (transport.buffered() > unreadBytes) core.close(closeCodes.busy, 'nothing is read');
    },
    congested: () => transport.buffered() > muxProtocol.congestedBytes,
    async work(task, after) {
      if (++load > maxLoad) core.close(closeCodes.busy, 'too much is asked at a time');
      try {
        if (after) await after;
        if (!over) await task();
      } catch (error) {
        failed(error);
      } finally {
        load--;
      }
    },
    later(ms, task) {
      if (over) return;
      const cancel = options.timer(() => {
        timers.delete(cancel);
        if (!over) task();
      }, ms);
      timers.add(cancel);
    },
    jitter(low, high) {
      const [a = 0, b = 0] = options.random(2);
      return Math.round(low + ((high - low) * (a * 256 + b)) / 65_536);
    },
    emit(event) {
      if (!over) options.onEvent(event);
    },
    close(code, reason) {
      if (over) return;
      transport.send(encodeControl({ type: 'bye', code, reason: reason.slice(0, 80) }));
      end({ phase: 'closing', code, reason });
      transport.close(code, reason);
    },
    closed(code, reason) {
      if (core.state.phase === 'closing') {
        const { code: own, reason: why } = core.state;
        core.state = { phase: 'closed', code: own, reason: why };
      } else if (core.state.phase !== 'closed') end({ phase: 'closed', code, reason });
    },
  };
  return core;
}
