import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { CoterieError } from '../../schemas/index.ts';

/** So many requests within so many seconds, for each member. */
export interface RateLimit {
  readonly requests: number;
  readonly seconds: number;
}

/** Generous for programs: it stops a loop that got out of hand, and nobody who works. */
export const usualRate: RateLimit = { requests: 60_000, seconds: 10 };

type Tell = (header: string, value: number) => unknown;

export interface Allowance {
  /** Counts one request of a member, and tells in headers what is left. Rejects with `rate_limited`. */
  take(handle: string, tell?: Tell): Promise<void>;
}

export function openAllowance({ requests, seconds }: RateLimit): Allowance {
  const limiter = new RateLimiterMemory({ points: requests, duration: seconds });

  function state(tell: Tell | undefined, { remainingPoints, msBeforeNext }: RateLimiterRes): number {
    const reset = Math.ceil(msBeforeNext / 1000);
    tell?.('ratelimit-limit', requests);
    tell?.('ratelimit-remaining', remainingPoints);
    tell?.('ratelimit-reset', reset);
    return reset;
  }

  return {
    async take(handle, tell) {
      try {
        state(tell, await limiter.consume(handle));
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        tell?.('retry-after', state(tell, refused));
        throw new CoterieError('rate_limited', `${handle} asked ${requests} times within ${seconds} s.`);
      }
    },
  };
}
