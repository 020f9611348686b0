import type { Core } from '../core.ts';

/** When nothing happened for this long, the workspaces are compared again, ms. */
const quiet = { low: 300, high: 500 };
/** Comparisons in a row that find a difference and are made so soon; each waits four times as long. */
const tries = 3;

/** What happened since the workspaces were compared. */
export interface Unrest {
  /** Something happened since the timer was set. */
  moved: boolean;
  planned: boolean;
}

/**
 * Compares the workspaces soon after what was under way has settled, so that nobody waits for the next round to know
 * whether both sides are equal. The side that dialled asks, once for everything that happened in one go.
 */
export function createRecheck(parts: {
  /** Sends this side's root, which the other answers. */
  readonly ask: (core: Core) => void;
  readonly busy: (core: Core) => boolean;
}) {
  function plan(core: Core, unrest: Unrest): void {
    unrest.planned = true;
    unrest.moved = false;
    const times = 4 ** core.differences;
    core.later(core.jitter(quiet.low * times, quiet.high * times), () => {
      unrest.planned = false;
      if (unrest.moved) return plan(core, unrest);
      core.unrest = undefined;
      // What is under way tells when it is done.
      if (parts.busy(core)) return;
      core.looking = true;
      parts.ask(core);
    });
  }

  function stir(core: Core): void {
    if (core.options.role !== 'dial' || core.state.phase !== 'live' || core.differences >= tries) return;
    core.unrest ??= { moved: false, planned: false };
    if (core.unrest.planned) core.unrest.moved = true;
    else plan(core, core.unrest);
  }

  return {
    /** Something was sent, stored or exchanged. */
    stir,
    /** The workspaces were compared. What stays different is left to the comparison that comes now and then. */
    compared(core: Core, equal: boolean): void {
      core.differences = equal ? 0 : core.differences + 1;
      if (!equal) stir(core);
    },
  };
}
