// How often a member may make each call of the Fleet service. Many times what an honest agent makes in
// its busiest minute: these are no pace, they are the end of what one host can cost all others.
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { MethodName } from '../../shared/rpc/calls.ts';
import type { FleetDefinition } from '../../shared/rpc/generated/muster/v1/Fleet.ts';
import { type Buckets, createBuckets, type Rate } from '../limits/buckets.ts';

const rates: Readonly<Record<MethodName<FleetDefinition>, Rate>> = {
  // Held for seconds, and made anew whenever the agent begins or ends something.
  PullPlan: { burst: 120, perSecond: 10 },
  // After every record that is written.
  ReportProgress: { burst: 300, perSecond: 20 },
  // Every five minutes, and when a plan finds that they changed.
  ReportFacts: { burst: 30, perSecond: 0.5 },
  // A master's plan has six.
  SignCertificate: { burst: 60, perSecond: 0.5 },
  // Twice a day.
  Renew: { burst: 20, perSecond: 0.1 },
};

export interface FleetRates {
  /** @throws AppError rate-limited */
  admit(method: string, nodeId: NodeId): void;
}

export function createFleetRates(clock: Pick<Clock, 'boot'>): FleetRates {
  const buckets = new Map<string, Buckets>(
    Object.entries(rates).map(([method, rate]) => [method, createBuckets(rate, clock)]),
  );
  return {
    admit(method, nodeId) {
      if (buckets.get(method)?.take(nodeId) !== 0) return;
      throw new AppError('rate-limited', `this node calls ${method} too often: it waits`, {
        retryable: true,
      });
    },
  };
}
