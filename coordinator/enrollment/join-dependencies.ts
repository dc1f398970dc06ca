// What a join needs of the rest of the coordinator.
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { AuditLog } from '../events/audit-log.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { Store } from '../store/store.ts';
import type { Challenges } from './challenges.ts';
import type { RateLimit } from './rate-limit.ts';
import type { RefusedJoins } from './refused-joins.ts';

export interface JoinDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly feed: EventFeed;
  readonly challenges: Challenges;
  readonly limit: RateLimit;
  readonly refused: RefusedJoins;
}
