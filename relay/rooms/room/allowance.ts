/**
 * What one socket may make its room do in a second: bytes that it has sent to it or to others because it asked or told,
 * and so much for each message. Updates do not count: whether they can be stored bounds them.
 */
const perSecond = 8 * 1024 * 1024;
const perMessage = 512;
const second = 1000;
/** A debt is forgiven after this: one answer may be larger than all that. */
const longest = 30;

/** Kept for each socket. */
export interface Allowance {
  /** True while it has used up more than it may: it is not read, and what it asked meanwhile is answered once. */
  readonly spent: boolean;
  spend(bytes: number): void;
  /** Ends its timer. */
  end(): void;
}

export function createAllowance(options: {
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly onSpent: () => void;
  /** It may go on. */
  readonly onRefilled: () => void;
}): Allowance {
  let used = 0;
  let spent = false;
  let stop: (() => void) | undefined;

  function refill(): void {
    stop = undefined;
    used = Math.max(0, used - perSecond);
    if (used > 0) stop = options.timer(refill, second);
    if (!spent || used > 0) return;
    spent = false;
    options.onRefilled();
  }

  return {
    get spent() {
      return spent;
    },
    spend(bytes) {
      used = Math.min(used + bytes + perMessage, perSecond * longest);
      stop ??= options.timer(refill, second);
      if (spent || used <= perSecond) return;
      spent = true;
      options.onSpent();
    },
    end() {
      stop?.();
      stop = undefined;
    },
  };
}
