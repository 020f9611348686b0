import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { CoterieError } from '../../schemas/index.ts';
import type { Asker } from './address.ts';
import { type RateLimit, usualRate } from './allowance.ts';
import { withWait } from './errors.ts';

/** What an address may do before it has shown who asks. Programs of this machine have one address between them. */
export interface GuardLimits {
  /** Tokens, proofs of key and logins that were wrong. */
  readonly wrong: RateLimit;
  readonly wrongHere: RateLimit;
  /** Questions that anybody may ask. */
  readonly open: RateLimit;
  readonly openHere: RateLimit;
}

const usualGuard: GuardLimits = {
  wrong: { requests: 30, seconds: 60 },
  wrongHere: { requests: 1_000, seconds: 60 },
  open: { requests: 600, seconds: 60 },
  openHere: usualRate,
};

/** How long, ms, and how many credentials are remembered as right from where they came. */
const lately = 10 * 60_000;
const remembered = 4_096;

/** Limits by address, for what no member answers for. */
export interface Guard {
  /**
   * Rejects with `rate_limited` where an address showed too much that was wrong, before anything is looked at: but for
   * what was right from there lately, and for programs of this machine, whom others would lock out.
   */
  look(asker: Asker, credential: string): Promise<void>;
  right(asker: Asker, credential: string): void;
  /** Counts what was wrong; answers what to say of it: the error itself, or `rate_limited`. */
  wrong(asker: Asker, error: unknown): Promise<unknown>;
  /** Counts a question that anybody may ask. Rejects with `rate_limited`. */
  open(asker: Asker): Promise<void>;
}

const limiter = ({ requests, seconds }: RateLimit): RateLimiterMemory =>
  new RateLimiterMemory({ points: requests, duration: seconds });

const tooOften = (asker: Asker, what: string, ms: number): CoterieError =>
  withWait(new CoterieError('rate_limited', `${asker.address} ${what} too often.`), Math.ceil(ms / 1000));

const isWrong = (error: unknown): boolean =>
  error instanceof CoterieError && ['unauthorized', 'not_admitted'].includes(error.code);

/** Undefined when there was room. */
async function consumed(from: RateLimiterMemory, { address }: Asker): Promise<RateLimiterRes | undefined> {
  try {
    await from.consume(address);
    return undefined;
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return refused;
    throw refused;
  }
}

export function openGuard(limits: GuardLimits = usualGuard, now: () => number = Date.now): Guard {
  const wrong = limiter(limits.wrong);
  const wrongHere = limiter(limits.wrongHere);
  const open = limiter(limits.open);
  const openHere = limiter(limits.openHere);
  /** By address and hash, the one that came last at the end. */
  const known = new Map<string, number>();

  const nameOf = ({ address }: Asker, credential: string): string =>
    `${address} ${createHash('sha256').update(credential).digest('base64')}`;

  return {
    async look(asker, credential) {
      if (asker.here) return;
      const held = await wrong.get(asker.address);
      if (held === null || held.consumedPoints < limits.wrong.requests) return;
      const seen = known.get(nameOf(asker, credential));
      if (seen === undefined || seen + lately < now())
        throw tooOften(asker, 'showed what is wrong', held.msBeforeNext);
    },
    right(asker, credential) {
      if (asker.here) return;
      const name = nameOf(asker, credential);
      known.delete(name);
      known.set(name, now());
      for (const oldest of known.keys()) {
        if (known.size <= remembered) break;
        known.delete(oldest);
      }
    },
    async wrong(asker, error) {
      if (!isWrong(error)) return error;
      const refused = await consumed(asker.here ? wrongHere : wrong, asker);
      return refused ? tooOften(asker, 'showed what is wrong', refused.msBeforeNext) : error;
    },
    async open(asker) {
      const refused = await consumed(asker.here ? openHere : open, asker);
      if (refused) throw tooOften(asker, 'asked', refused.msBeforeNext);
    },
  };
}
