// Every acknowledged transition survives: what the coordinator said it has is in its store after any
// crash; what an agent said it has accepted was on its disk before it said so.

import type { PlanRecord } from '../../../coordinator/store/records.ts';
import { keys } from '../../../coordinator/store/records.ts';
import { isFinal } from '../../../shared/model/plan.ts';
import type { Invariant } from './invariant.ts';

export const coordinatorRemembers: Invariant = {
  name: 'what the coordinator acknowledged is in its store after every crash',
  watch: ({ coordinator }, report) => {
    const ended = new Map<string, string>();
    /** In its time; a host that had no answer tells of it once more. */
    const dropped = new Set<string>();
    const check = (): void => {
      for (const [planId, state] of ended) {
        const plan = coordinator.record<PlanRecord>(keys.plan(planId));
        if (plan === null || !isFinal(plan.state)) {
          report.broken(`plan ${planId} ended as ${state}, and is ${plan?.state ?? 'not there'}`);
        }
      }
    };
    return (event) => {
      if (event.kind === 'committed' && event.value === null) {
        const planId = event.key.replace(keys.plans, '');
        ended.delete(planId);
        dropped.add(planId);
      }
      if (event.kind === 'acknowledged') {
        for (const record of event.records) {
          if (record.event === 'plan-finished' && !dropped.has(record.planId))
            ended.set(record.planId, record.state);
        }
      }
      if (event.kind === 'story' && event.what === 'the end') check();
      if (event.kind === 'started' && event.who === 'coordinator' && ended.size > 0) {
        report.seen();
        check();
      }
    };
  },
};

export const agentRemembers: Invariant = {
  name: 'what an agent says it has accepted is on its disk before',
  watch: (_fleet, report) => {
    const accepted = new Set<string>();
    const pairs = new Set<string>();
    return (event) => {
      if (event.kind === 'journalled' && event.record.event === 'plan-accepted') {
        accepted.add(`${event.host.name} ${event.record.planId}`);
      }
      if (event.kind === 'raised') {
        const { host, lane, epoch, sequence } = event;
        pairs.add(`${host.name} ${lane} ${epoch}.${sequence}`);
      }
      if (event.kind !== 'told') return;
      const { host } = event;
      for (const { lane, epoch, sequence, planIds } of event.lanes) {
        const pair = `${host.name} ${lane} ${epoch}.${sequence}`;
        if (sequence > 0 && !pairs.has(pair)) report.broken(`${pair} was told and not kept`);
        for (const planId of planIds) {
          report.seen();
          if (!accepted.has(`${host.name} ${planId}`)) {
            report.broken(`${host.name} told of ${planId} before its acceptance was on the disk`);
          }
        }
      }
    };
  },
};
