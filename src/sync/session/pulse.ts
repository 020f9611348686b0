import { closeCodes } from '../../../schemas/protocol.ts';
import { channels, hasBusiness } from './channels.ts';
import type { Core } from './core.ts';
import { inbox } from './inbox.ts';

const beat = { low: 18_000, high: 20_000 };
/** A peer of which nothing was heard for this long is taken for dead, ms. */
const dead = 60_000;
/** An answer that has not come so long after it was missed first, and none to anything else meanwhile, ms. */
const patience = 40_000;
/** The same for what was sent and is not stored there: disks are slower than answers. */
const storing = 120_000;
/** Documents that stay open without a word for longer than this are closed, ms; the first few of them stay. */
const idle = 60_000;
const keptOpen = 32;

/**
 * This side asked, and it is the other's turn: it is neither storing nor asking its source, and what it asked has left.
 */
function isWaiting(core: Core): boolean {
  if (inbox.isStoring(core) || core.isAsking() || core.congested()) return false;
  if (core.listing?.stage === 'asked') return true;
  for (const channel of channels.all(core))
    if (channel.asked || channel.awaiting > 0 || channel.round !== undefined) return true;
  return false;
}

/** Closes on a peer that lives, and does not answer: it would hold what was begun for ever. */
function notice(core: Core): void {
  if (!isWaiting(core)) core.unanswered = undefined;
  else if (core.unanswered === undefined) core.unanswered = core.options.now();
  else if (core.options.now() - core.unanswered >= patience)
    core.close(closeCodes.silent, 'what was asked is not answered');
  if (core.sent === core.stored || core.congested()) core.unstored = undefined;
  else if (core.unstored === undefined) core.unstored = core.options.now();
  else if (core.options.now() - core.unstored >= storing)
    core.close(closeCodes.silent, 'what was sent is not stored');
}

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

function tick(core: Core, each: (core: Core) => void): void {
  if (core.options.now() - core.heard > dead) core.close(closeCodes.silent, 'nothing was heard for a minute');
  core.send({ type: 'ping', number: core.pings++ });
  notice(core);
  sweep(core);
  each(core);
  startPulse(core, each);
}

/** Pings, notices silence, and closes documents that nobody writes to. `each` is done with each beat. */
export function startPulse(core: Core, each: (core: Core) => void): void {
  core.later(core.jitter(beat.low, beat.high), () => tick(core, each));
}
