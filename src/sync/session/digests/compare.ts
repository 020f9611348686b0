import type { DocumentMessage } from '../../wire.ts';
import { type Channel, channels } from '../channels.ts';
import type { Core } from '../core.ts';

/** A comparison that found messages under way is made again after this, ms; each time later, up to the last. */
const retry = { first: 100, last: 30_000 };

/** True when all that came is durable and nothing else is under way. */
const isQuiet = (channel: Channel): boolean =>
  channel.incoming.got === channel.incoming.durable &&
  channel.answering === 0 &&
  channel.awaiting === 0 &&
  !channel.asked &&
  !channel.lagging &&
  channel.round === undefined;

/**
 * Digests of one document. Two digests are compared only when neither side has sent what the other's does not contain
 * yet; else equal copies would look different. What looks different once is looked at again before it is repaired.
 */
export function createCompare(parts: {
  /** The first comparison after a begin was made, or tried: the next document may begin. */
  readonly concluded: (core: Core, channel: Channel) => void;
  readonly equal: (core: Core, channel: Channel) => void;
  readonly isTroubled: (core: Core, document: string) => boolean;
  /** Unequal, and not by accident; told to the side that began alone. */
  readonly unequal: (core: Core, channel: Channel) => void;
}) {
  /** Says the digest that is due, once it may be said. */
  function settle(core: Core, channel: Channel): void {
    if (channel.due === 'no' || !isQuiet(channel)) return;
    const ask = channel.due === 'ask';
    channel.due = 'no';
    channels.run(core, channel, async () => {
      // Counted before the digest is made: it contains these at least.
      const stored = channel.incoming.durable;
      const { digest, entries, split } = await core.source.digest(channel.document);
      if (split) channel.byKey = true;
      channels.send(core, channel, { type: 'digest', digest, entries, split, stored, ask });
    });
  }

  function plan(core: Core, channel: Channel, low: number, high: number): void {
    if (channel.planned) return;
    channel.planned = true;
    core.later(core.jitter(low, high), () => {
      channel.planned = false;
      channel.due = 'ask';
      settle(core, channel);
    });
  }

  function busy(core: Core, channel: Channel): void {
    const wait = Math.min(retry.last, retry.first * 2 ** Math.min(channel.busy++, 10));
    plan(core, channel, wait / 2, (wait * 3) / 2);
    parts.concluded(core, channel);
  }

  function compare(core: Core, channel: Channel, theirs: Extract<DocumentMessage, { type: 'digest' }>): void {
    const { sent } = channel;
    const { got } = channel.incoming;
    const still = (): boolean => isQuiet(channel) && channel.sent === sent && channel.incoming.got === got;
    if (!still() || theirs.stored !== sent) {
      busy(core, channel);
      return;
    }
    channels.run(core, channel, async () => {
      const own = await core.source.digest(channel.document);
      if (!still()) return busy(core, channel);
      channel.busy = 0;
      if (own.digest === theirs.digest) {
        channel.unequal = 0;
        parts.equal(core, channel);
      } else if (!channel.driving) return;
      else if (channel.unequal++ === 0 && !own.split && !theirs.split) plan(core, channel, 100, 300);
      else parts.unequal(core, channel);
      parts.concluded(core, channel);
    });
  }

  return {
    settle,
    /** Compares again soon. */
    again: (core: Core, channel: Channel): void => plan(core, channel, 20, 60),
    onDigest(core: Core, channel: Channel, message: Extract<DocumentMessage, { type: 'digest' }>): void {
      if (message.split) channel.byKey = true;
      if (message.ask && channel.due === 'no') channel.due = 'say';
      settle(core, channel);
      // Whoever began compares, repairs and closes; the other learns of it by the close.
      if (channel.driving || parts.isTroubled(core, channel.document)) compare(core, channel, message);
    },
  };
}

export type Compare = ReturnType<typeof createCompare>;
