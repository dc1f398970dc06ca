// An agent obeys no lower (epoch, sequence); and the coordinator gives each number out once.
import type { PlanRecord } from '../../../coordinator/store/records.ts';
import { keys } from '../../../coordinator/store/records.ts';
import type { Invariant } from './invariant.ts';

export const noLower: Invariant = {
  name: 'an agent obeys no lower (epoch, sequence)',
  watch: (_fleet, report) => {
    const highest = new Map<string, readonly [number, number]>();
    return (event) => {
      if (event.kind === 'replayed') report.seen();
      if (event.kind !== 'journalled' || event.record.event !== 'plan-accepted') return;
      const { lane, epoch, sequence, planId } = event.record;
      const key = `${event.host.name} ${lane}`;
      const [oldEpoch, oldSequence] = highest.get(key) ?? [0, 0];
      const isHigher = epoch > oldEpoch || (epoch === oldEpoch && sequence > oldSequence);
      if (!isHigher)
        report.broken(
          `${key} took ${planId} (${epoch}.${sequence}) after ${oldEpoch}.${oldSequence}`,
        );
      highest.set(key, [epoch, sequence]);
    };
  },
};

export const numbersOnce: Invariant = {
  name: 'the coordinator gives each number out once',
  watch: (_fleet, report) => {
    const given = new Map<string, string>();
    return (event) => {
      if (event.kind !== 'committed' || !event.key.startsWith(keys.plans) || event.value === null)
        return;
      const { nodeId, lane, epoch, sequence, planId } = event.value as PlanRecord;
      const number = `${nodeId} ${lane} ${epoch}.${sequence}`;
      const before = given.get(number);
      if (before === undefined) report.seen();
      if (before !== undefined && before !== planId)
        report.broken(`${number} is ${before} and ${planId}`);
      given.set(number, planId);
    };
  },
};
