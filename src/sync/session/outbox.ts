import { closeCodes } from '../../../schemas/protocol.ts';
import type { Channel } from './channels.ts';
import type { Core } from './core.ts';

/** Answers that wait for the transport; more is a peer that asks and does not read. */
const maxWaiting = 4096;

/** What waits for a transport that is full: answers, and documents that lag behind. */
export function createOutbox(core: Core, begin: (channel: Channel) => void) {
  let waiting: (() => void)[] = [];
  let lagging = new Set<Channel>();

  return {
    lagging: (): number => lagging.size,

    /** Runs it now, or when the transport drained. */
    whenClear(task: () => void): void {
      if (!core.congested()) task();
      else if (waiting.push(task) > maxWaiting) core.close(closeCodes.busy, 'answers are not read');
    },

    /** Updates of this document are left out from now on; it is begun again when the transport drained. */
    lag(channel: Channel): void {
      if (channel.lagging) return;
      channel.lagging = true;
      lagging.add(channel);
      core.emit({ type: 'lagging', documents: lagging.size });
    },

    drained(): void {
      if (core.congested()) return;
      const tasks = waiting;
      waiting = [];
      const late = lagging;
      lagging = new Set();
      for (const task of tasks) this.whenClear(task);
      for (const channel of late) {
        channel.lagging = false;
        begin(channel);
      }
      if (late.size > 0) core.emit({ type: 'lagging', documents: 0 });
    },
  };
}

export type Outbox = ReturnType<typeof createOutbox>;
