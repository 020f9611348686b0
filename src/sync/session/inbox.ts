import { closeCodes, muxProtocol } from '../../../schemas/protocol.ts';
import type { Received } from '../port.ts';
import type { Channel } from './channels.ts';
import type { Core } from './core.ts';

/** Calls of the source that are under way at a time: enough for it to commit them in groups. */
const width = 64;

interface Item {
  readonly bytes: number;
  readonly channel: Channel;
  readonly run: () => Promise<Received>;
  /** What follows once it is durable. It answers whether it may be acknowledged now; else `settle` does so later. */
  readonly then: (received: Received & { ok: true }, settle: () => void) => boolean;
  settled: boolean;
}

/**
 * What came and is to be stored: started in order, acknowledged in order. `stored` counts the messages with data of
 * the session whose content is durable here, and none before it.
 */
export function createInbox(core: Core) {
  const { transport } = core.options;
  /** From the first that is not acknowledged on. */
  let items: Item[] = [];
  let next = 0;
  let running = 0;
  let bytes = 0;
  let paused = false;
  let told = 0;
  let telling = false;

  function tell(): void {
    let done = 0;
    while (items[done]?.settled === true) done++;
    if (done === 0) return;
    items.splice(0, done);
    next -= done;
    core.received += done;
    if (telling) return;
    telling = true;
    // What becomes durable in one commit is acknowledged in one message.
    void Promise.resolve().then(() => {
      telling = false;
      if (told === core.received) return;
      told = core.received;
      core.send({ type: 'stored', count: told });
    });
  }

  function settle(item: Item, incoming: Channel['incoming']): void {
    if (item.settled) return;
    item.settled = true;
    incoming.durable++;
    tell();
  }

  async function store(item: Item): Promise<void> {
    const { channel } = item;
    const { incoming } = channel;
    try {
      const received = await item.run();
      if (!received.ok) {
        core.emit({ type: 'refused', document: channel.document, reason: received.reason });
        return core.close(closeCodes.refused, received.reason);
      }
      if (!core.alive()) return;
      const settleIt = (): void => settle(item, incoming);
      if (item.then(received, settleIt)) settleIt();
    } finally {
      running--;
      bytes -= item.bytes;
      if (paused && bytes < muxProtocol.inboundBytes / 2) {
        paused = false;
        transport.resume?.();
      }
    }
    start();
  }

  function start(): void {
    for (; running < width && next < items.length; next++) {
      const item = items[next];
      if (!item) return;
      running++;
      void core.work(() => store(item));
    }
  }

  return {
    add(channel: Channel, size: number, run: () => Promise<Received>, then: Item['then']): void {
      bytes += size;
      channel.incoming.got++;
      items.push({ bytes: size, channel, run, then, settled: false });
      if (bytes > muxProtocol.inboundBytes) {
        if (bytes > 2 * muxProtocol.inboundBytes)
          core.close(closeCodes.busy, 'more was sent than can be stored');
        else if (!paused) {
          paused = true;
          transport.pause?.();
        }
      }
      start();
    },
    clear(): void {
      items = [];
      next = 0;
    },
  };
}

export type Inbox = ReturnType<typeof createInbox>;
