import { closeCodes } from '../../../schemas/protocol.ts';
import { channels, hasBusiness } from './channels.ts';
import type { Core } from './core.ts';

const beat = { low: 18_000, high: 20_000 };
/** A peer of which nothing was heard for this long is taken for dead, ms. */
const dead = 60_000;
/** Documents that stay open without a word for longer than this are closed, ms; the first few of them stay. */
const idle = 60_000;
const keptOpen = 32;

function sweep(core: Core): void {
  const before = core.options.now() - idle;
  let kept = 0;
  for (const channel of [...channels.all(core)]) {
    channels.drop(core, channel);
    if (hasBusiness(channel) || channel.touched > before) continue;
    if (core.source.isHot(channel.document) && kept++ < keptOpen) continue;
    channels.close(core, channel);
  }
}

function tick(core: Core): void {
  if (core.options.now() - core.heard > dead) core.close(closeCodes.silent, 'nothing was heard for a minute');
  core.send({ type: 'ping', number: core.pings++ });
  sweep(core);
  startPulse(core);
}

/** Pings, notices silence, and closes documents that nobody writes to. */
export function startPulse(core: Core): void {
  core.later(core.jitter(beat.low, beat.high), () => tick(core));
}
