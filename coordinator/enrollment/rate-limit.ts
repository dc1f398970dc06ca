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
  pace(tokenId: string, source: string): void;
  /**
   * That a host with this token was turned away: null when it is not written down, else how many were not
   * since the one before.
   */
  told(tokenId: string): { readonly leftOut?: number } | null;
}

const failuresPerMinute = 5;
/** Each costs a line of the audit log; beyond it they are refused and not written down. */
const allFailures = { burst: 60, perSecond: 0.5 };
/** A pool that grows by a hundred hosts at once is let in within seconds. */
const joinsOfToken = { burst: 100, perSecond: 20 };
/** Who uses a token now and then is let in whatever others do with it: a stolen one blocks no pool. */
const joinsOfOne = { burst: 5, perSecond: 0.1 };
/** Each is a line of the audit log and of the feed, under whatever name and key the holder thinks up. */
const toldOfToken = { burst: 20, perSecond: 1 / 30 };
const all = '';

export function createRateLimit(clock: Clock): RateLimit {
  const ofSource = createBuckets(
    { burst: failuresPerMinute, perSecond: failuresPerMinute / 60 },
    clock,
  );
  const ofAll = createBuckets(allFailures, clock, 1);
  const ofToken = createBuckets(joinsOfToken, clock);
  const ofOne = createBuckets(joinsOfOne, clock);
  const told = createBuckets(toldOfToken, clock);
  /** Of tokens that there are. */
  const leftOut = new Map<string, number>();
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
    told(tokenId) {
      const before = leftOut.get(tokenId) ?? 0;
      if (told.take(tokenId) === 0) {
        leftOut.set(tokenId, before + 1);
        return null;
      }
      leftOut.delete(tokenId);
      return before === 0 ? {} : { leftOut: before };
    },
    pace(tokenId, source) {
      if (ofOne.take(`${tokenId} ${sourceOf(source)}`) > 0 || ofToken.take(tokenId) > 0) return;
      throw refuse('too many joins with this token at once: try again in a few seconds');
    },
  };
}
