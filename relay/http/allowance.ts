import type { ServerResponse } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { CoterieError } from '../../schemas/index.ts';

/** So many requests within so many seconds, for each member. */
export interface RateLimit {
  readonly requests: number;
  readonly seconds: number;
}

/** Generous for programs: it stops a loop that got out of hand, and nobody who works. */
export const usualRate: RateLimit = { requests: 60_000, seconds: 10 };

export interface Allowance {
  /** Counts one request of a member and tells it in the headers what is left. Rejects with `rate_limited`. */
  take(handle: string, outgoing: ServerResponse): Promise<void>;
}

export function openAllowance({ requests, seconds }: RateLimit): Allowance {
  const limiter = new RateLimiterMemory({ points: requests, duration: seconds });

  function tell(outgoing: ServerResponse, { remainingPoints, msBeforeNext }: RateLimiterRes): number {
    const reset = Math.ceil(msBeforeNext / 1000);
    outgoing.setHeader('ratelimit-limit', requests);
    outgoing.setHeader('ratelimit-remaining', remainingPoints);
    outgoing.setHeader('ratelimit-reset', reset);
    return reset;
  }

  return {
    async take(handle, outgoing) {
      try {
        tell(outgoing, await limiter.consume(handle));
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        outgoing.setHeader('retry-after', tell(outgoing, refused));
        throw new CoterieError('rate_limited', `${handle} asked ${requests} times within ${seconds} s.`);
      }
    },
  };
}
