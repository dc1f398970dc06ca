import { expect, test } from 'vitest';
import { openPlans } from '../../../../../coordinator/plan-records/plans.ts';
import type { GoOn } from '../../../../../coordinator/planner/go-on.ts';
import { goalState } from '../../../../../coordinator/planner/goal-state.ts';
import {
  stopUnwanted,
  UNWANTED_FOR_MS,
} from '../../../../../coordinator/rpc/fleet/stop-unwanted.ts';
import type { PlanRecord } from '../../../../../coordinator/store/records.ts';
import { silentLogger } from '../../../../../shared/log.ts';
import { memoryStore } from '../../../../fakes/store.ts';
import { aNode, planFrom, startMs } from '../../../../support/cluster-builders.ts';
import { manualClock } from '../../../../support/manual-clock.ts';
import { aDraft } from '../../../../support/plan-builders.ts';
import { recordedAudit } from '../../../../support/quiet-parts.ts';

const node = aNode('w1', 21);

async function aWorld(goOn: GoOn | null, change: Partial<PlanRecord> = {}) {
  const clock = manualClock();
  const plans = await openPlans(memoryStore());
  const record = { ...planFrom(aDraft(node), 1, startMs), state: 'accepted' as const, ...change };
  const { planId } = record;
  const payload = { payloadType: '', payload: '', signatures: [] };
  await plans.add(record, { planId, envelope: payload });
  const sinceMs = clock.now();
  const audit = recordedAudit();
  const deps = {
    plans,
    clock,
    audit,
    log: silentLogger,
    goOn: () => (goOn === null ? null : { goOn, sinceMs }),
  };
  return {
    clock,
    stopped: async (nodeId = node.record.id): Promise<PlanRecord | null> => {
      await stopUnwanted(deps, nodeId, [planId]);
      const after = await plans.get(planId);
      return after?.stopRequested === true ? after : null;
    },
  };
}

test('a plan that waits and is not wanted for a minute is stopped, and no sooner', async () => {
  const world = await aWorld('no');
  expect(await world.stopped()).toBeNull();
  world.clock.advance(UNWANTED_FOR_MS);
  expect(await world.stopped()).toMatchObject({ stopReason: 'unwanted' });
});

test.each([
  ['that is wanted', 'yes', {}],
  ['that only has to wait', 'not-now', {}],
  ['of which nothing was decided yet', null, {}],
  ['that has ended', 'no', { state: 'done' }],
] as const)('a plan %s is not stopped', async (_what, goOn, change) => {
  const world = await aWorld(goOn, change);
  world.clock.advance(10 * UNWANTED_FOR_MS);
  expect(await world.stopped()).toBeNull();
});

test('a host has nobody else’s plan stopped', async () => {
  const world = await aWorld('no');
  world.clock.advance(UNWANTED_FOR_MS);
  expect(await world.stopped(aNode('w2', 22).record.id)).toBeNull();
});

test('what was stopped so is planned again when it is wanted again; an operator’s stop holds', () => {
  const plan = { ...planFrom(aDraft(node), 1, startMs), finishedMs: startMs };
  const stopped = { ...plan, state: 'stopped' as const };
  const now = startMs + 3_600_000;
  const key = plan.goalKey;
  expect(goalState([stopped], { key, now }).kind).toBe('held');
  expect(goalState([{ ...stopped, stopReason: 'unwanted' }], { key, now }).kind).toBe('due');
});
