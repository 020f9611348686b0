import { closeCodes, muxProtocol } from '../../../schemas/protocol.ts';
import type { Received } from '../port.ts';
import type { Channel } from './channels.ts';
import type { Core } from './core.ts';

/** Calls of the source that are under way at a time: enough for it to commit them in groups. */
const width = 64;
/** Messages that wait, before the transport is paused: each costs more than its bytes, and may have none. */
const inboundMessages = 16 * 1024;

interface Item {
  readonly bytes: number;
  readonly channel: Channel;
  readonly run: () => Promise<Received>;
  /** What follows once it is durable. It answers whether it may be acknowledged now; else `settle` does so later. */
  readonly then: (received: Received & { ok: true }, settle: () => void) => boolean;
  settled: boolean;
}

export interface Waiting {
  /** From the first that is not acknowledged on. */
  readonly items: Item[];
  /** The first that was not started. */
  next: number;
  running: number;
  /** What is not stored yet. */
  messages: number;
  bytes: number;
  paused: boolean;
  telling: boolean;
}

const empty = (): Waiting => ({
  items: [],
  next: 0,
  running: 0,
  messages: 0,
  bytes: 0,
  paused: false,
  telling: false,
});

/** More than so many times what may wait. */
const isOver = ({ messages, bytes }: Waiting, times: number): boolean =>
  messages > times * inboundMessages || bytes > times * muxProtocol.inboundBytes;

function tell(core: Core, waiting: Waiting): void {
  const { items } = waiting;
  let done = 0;
  while (items[done]?.settled === true) done++;
  if (done === 0) return;
  items.splice(0, done);
  waiting.next -= done;
  core.received += done;
  if (waiting.telling) return;
  waiting.telling = true;
  // What becomes durable in one commit is acknowledged in one message.
  void Promise.resolve().then(() => {
    waiting.telling = false;
    core.send({ type: 'stored', count: core.received });
    if (items.length === 0 && waiting.running === 0 && core.waiting === waiting) core.waiting = undefined;
  });
}

async function store(core: Core, waiting: Waiting, item: Item): Promise<void> {
  const { channel } = item;
  const { incoming } = channel;
  try {
    const received = await item.run();
    if (!received.ok) {
      core.emit({ type: 'refused', document: channel.document, reason: received.reason });
      return core.close(closeCodes.refused, received.reason);
    }
    if (!core.alive()) return;
    const settle = (): void => {
      if (item.settled) return;
      item.settled = true;
      channel.storing--;
      incoming.durable++;
      tell(core, waiting);
    };
    if (item.then(received, settle)) settle();
  } finally {
    waiting.running--;
    waiting.messages--;
    waiting.bytes -= item.bytes;
    if (waiting.paused && !isOver(waiting, 1 / 2)) {
      waiting.paused = false;
      core.resume('stores');
    }
  }
  start(core, waiting);
}

function start(core: Core, waiting: Waiting): void {
  for (; waiting.running < width && waiting.next < waiting.items.length; waiting.next++) {
    const item = waiting.items[waiting.next];
    if (!item) return;
    waiting.running++;
    void core.work(() => store(core, waiting, item));
  }
}

/**
 * What came and is to be stored: started in order, acknowledged in order. `stored` counts the messages with data of
 * the session whose content is durable here, and none before it.
 */
export const inbox = {
  /** Messages that came and are not durable yet. */
  size: ({ waiting }: Core): number => waiting?.items.length ?? 0,

  /** Something is being stored here. What is parked is not: it waits for the peer. */
  isStoring: ({ waiting }: Core): boolean => (waiting?.messages ?? 0) > 0,

  add(core: Core, channel: Channel, size: number, run: Item['run'], then: Item['then']): void {
    core.waiting ??= empty();
    const { waiting } = core;
    waiting.messages++;
    waiting.bytes += size;
    channel.incoming.got++;
    channel.storing++;
    waiting.items.push({ bytes: size, channel, run, then, settled: false });
    if (isOver(waiting, 2)) {
      core.close(closeCodes.busy, 'more was sent than can be stored');
      return;
    }
    if (isOver(waiting, 1) && !waiting.paused) {
      waiting.paused = true;
      core.pause('stores');
    }
    start(core, waiting);
  },
};
