// Limits on joins. Failures are counted, of each source and of all, and they hold back only those who
// fail again: a host that holds a valid token is not refused for what others did. What such hosts may
// do is paced by their token.
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { createBuckets } from '../limits/buckets.ts';
import { sourceOf } from '../limits/source.ts';

export interface RateLimit {
  /** For a token that is none. @throws AppError rate-limited when there were too many of them. */
  mayFail(source: string): void;
  failed(source: string): void;
  /** For a valid token. @throws AppError rate-limited when it is used too often at once. */
  pace(tokenId: string): void;
}

const failuresPerMinute = 5;
/** Each costs a line of the audit log; beyond it they are refused and not written down. */
const allFailures = { burst: 60, perSecond: 0.5 };
/** A pool that grows by a hundred hosts at once is let in within seconds. */
const joinsOfToken = { burst: 100, perSecond: 20 };
const all = '';

export function createRateLimit(clock: Clock): RateLimit {
  const ofSource = createBuckets(
    { burst: failuresPerMinute, perSecond: failuresPerMinute / 60 },
    clock,
  );
  const ofAll = createBuckets(allFailures, clock, 1);
  const ofToken = createBuckets(joinsOfToken, clock);
  const refuse = (text: string): AppError =>
    new AppError('rate-limited', text, { retryable: true });

  return {
    mayFail(source) {
      if (!ofSource.has(sourceOf(source))) {
        throw refuse(
          `${failuresPerMinute} joins from this address failed within a minute: try again in a minute`,
        );
      }
      if (!ofAll.has(all)) throw refuse('too many joins fail: try again in a minute');
    },
    failed(source) {
      ofSource.take(sourceOf(source));
      ofAll.take(all);
    },
    pace(tokenId) {
      if (ofToken.take(tokenId) > 0) return;
      throw refuse('too many joins with this token at once: try again in a few seconds');
    },
  };
}
