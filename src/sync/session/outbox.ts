import { closeCodes } from '../../../schemas/protocol.ts';
import type { Channel } from './channels.ts';
import type { Core } from './core.ts';

/** Answers that wait for the transport; more is a peer that asks and does not read. */
const maxWaiting = 4096;

/** What waits for a transport that is full: answers, and documents that lag behind. */
export interface Held {
  readonly answers: (() => void)[];
  readonly lagging: Set<Channel>;
}

const empty = (): Held => ({ answers: [], lagging: new Set() });

/** Runs it now, or when the transport drained and the peer may ask again. */
function whenClear(core: Core, task: () => void): void {
  if (!core.isFull()) {
    task();
    return;
  }
  core.held ??= empty();
  if (core.held.answers.push(task) > maxWaiting) core.close(closeCodes.busy, 'answers are not read');
}

export const outbox = {
  whenClear,

  lagging: ({ held }: Core): number => held?.lagging.size ?? 0,

  /** Updates of this document are left out from now on; it is begun again when the transport drained. */
  lag(core: Core, channel: Channel): void {
    if (channel.lagging) return;
    core.held ??= empty();
    channel.lagging = true;
    core.held.lagging.add(channel);
    core.emit({ type: 'lagging', documents: core.held.lagging.size });
  },

  drained(core: Core, begin: (core: Core, channel: Channel) => void): void {
    const { held } = core;
    if (!held || core.isFull()) return;
    core.held = undefined;
    for (const task of held.answers) whenClear(core, task);
    for (const channel of held.lagging) {
      channel.lagging = false;
      begin(core, channel);
    }
    if (held.lagging.size > 0) core.emit({ type: 'lagging', documents: outbox.lagging(core) });
  },
};
