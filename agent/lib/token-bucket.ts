import { elapsed, type Instant } from "./clock.ts";

/** A limit on how often something is done: `burst` at once, and `perSecond` of it in the long run. */
export interface TokenBucket {
  /** True when it may be done now. */
  take(now: Instant): boolean;
}

export function createTokenBucket({
  perSecond,
  burst,
}: {
  readonly perSecond: number;
  readonly burst: number;
}): TokenBucket {
  let tokens = burst;
  let at: Instant | undefined;
  return {
    take(now) {
      if (at !== undefined) tokens = Math.min(burst, tokens + (elapsed(at, now) / 1_000) * perSecond);
      at = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
