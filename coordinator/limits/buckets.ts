// How often somebody may do something: a bucket of so many at once for each key, which fills again at a
// steady rate. Who never comes back is forgotten, so what strangers can make it remember has an end.
import type { Clock } from '../../shared/clock.ts';

export interface Rate {
  /** So many at once. */
  readonly burst: number;
  /** And so many more every second after that. */
  readonly perSecond: number;
}

export interface Buckets {
  /** How many of `wanted` are allowed now, 0 when none is; what is allowed is taken. */
  take(key: string, wanted?: number): number;
  /** Whether one could be taken; nothing is. */
  has(key: string): boolean;
}

interface Bucket {
  left: number;
  atMs: number;
}

/** @param mostKeys remembered at once: beyond it who was seen longest ago starts anew */
export function createBuckets(rate: Rate, clock: Pick<Clock, 'boot'>, mostKeys = 10_000): Buckets {
  // Insertion order is order of last use.
  const buckets = new Map<string, Bucket>();

  const filled = (key: string): Bucket => {
    const now = clock.boot();
    const known = buckets.get(key);
    if (known === undefined) return { left: rate.burst, atMs: now };
    const gained = ((now - known.atMs) / 1000) * rate.perSecond;
    return { left: Math.min(rate.burst, known.left + gained), atMs: now };
  };

  return {
    take(key, wanted = 1) {
      const bucket = filled(key);
      const taken = Math.min(wanted, Math.floor(bucket.left));
      buckets.delete(key);
      buckets.set(key, { ...bucket, left: bucket.left - taken });
      if (buckets.size > mostKeys) buckets.delete(buckets.keys().next().value ?? '');
      return taken;
    },
    has: (key) => filled(key).left >= 1,
  };
}
