// How often an operator may make a call that is written down. The audit log keeps so much and no more: whoever
// could write to it as fast as he can call would push out what it says of him.
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { createBuckets, type Rate } from '../limits/buckets.ts';
import type { Caller } from './caller.ts';
import type { Rank } from './operator-calls.ts';

/** A viewer renews a certificate, and nothing else of his is written down. */
const rates: Readonly<Record<Exclude<Rank, 'local'>, Rate>> = {
  viewer: { burst: 10, perSecond: 1 / 60 },
  admin: { burst: 300, perSecond: 1 },
};

export interface OperatorRates {
  /** Counts one call that is about to be written down. @throws AppError rate-limited */
  admit(caller: Pick<Caller, 'name' | 'rank'>): void;
}

export function createOperatorRates(clock: Pick<Clock, 'boot'>): OperatorRates {
  const buckets = {
    viewer: createBuckets(rates.viewer, clock),
    admin: createBuckets(rates.admin, clock),
  };
  return {
    admit({ name, rank }) {
      // Root of the coordinator's host could write the log itself.
      if (rank === 'local' || buckets[rank].take(name) > 0) return;
      throw new AppError(
        'rate-limited',
        `operator ${name} changes too much at once: wait a little`,
        {
          retryable: true,
        },
      );
    },
  };
}
