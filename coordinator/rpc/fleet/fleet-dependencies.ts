// What the Fleet service's handlers share. They are given parts, and make none.
import type { Clock } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/log.ts';
import type { Coordinator } from '../../coordinator.ts';
import type { AuditLog } from '../../events/audit-log.ts';
import type { EventFeed } from '../../events/event-feed.ts';
import type { Keys } from '../../keys/keys.ts';
import type { Plans } from '../../plan-records/plans.ts';
import type { HealthBook } from '../../presence/health-book.ts';
import type { Instances } from '../../presence/instances.ts';
import type { Polls } from '../../presence/polls.ts';
import type { Store } from '../../store/store.ts';
import type { Members } from '../members.ts';

export interface FleetDependencies {
  readonly fleet: string;
  readonly store: Store;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly feed: EventFeed;
  readonly plans: Plans;
  readonly polls: Polls;
  readonly health: Pick<HealthBook, 'take'>;
  readonly members: Members;
  /** Whether a host that asks may go on with a plan; null before it was decided. */
  readonly goOn: Coordinator['goOn'];
  readonly instances: Instances;
  /** The node's open poll looks again. */
  readonly wake: (nodeId: string) => void;
}
