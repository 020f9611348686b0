import { closeCodes } from '../../../schemas/protocol.ts';
import { type Channels, hasBusiness } from './channels.ts';
import type { Core } from './core.ts';

const beat = { low: 18_000, high: 20_000 };
/** A peer of which nothing was heard for this long is taken for dead, ms. */
const dead = 60_000;
/** Documents that stay open without a word for longer than this are closed, ms; the first few of them stay. */
const idle = 60_000;
const keptOpen = 32;

/** Pings, notices silence, and closes documents that nobody writes to. */
export function createPulse(core: Core, channels: Channels) {
  const { options } = core;
  let heard = options.now();
  let number = 0;

  function sweep(): void {
    const before = options.now() - idle;
    let kept = 0;
    for (const channel of [...channels.all()]) {
      if (hasBusiness(channel) || channel.touched > before) continue;
      if (core.source.isHot(channel.document) && kept++ < keptOpen) continue;
      channels.close(channel);
    }
  }

  function tick(): void {
    if (options.now() - heard > dead) core.close(closeCodes.silent, 'nothing was heard for a minute');
    core.send({ type: 'ping', number: number++ });
    sweep();
    core.later(core.jitter(beat.low, beat.high), tick);
  }
  core.later(core.jitter(beat.low, beat.high), tick);

  return {
    heard(): void {
      heard = options.now();
    },
  };
}
