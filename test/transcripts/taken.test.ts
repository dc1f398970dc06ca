// Every plan of every fleet, as it would be signed, is one that an agent takes: what the coordinator
// builds and what the agent allows are two walls, and neither may shut out the other.
import { expect, test } from 'vitest';
import { parsePlan } from '../../agent/plan/parse-plan.ts';
import { stepRegistry } from '../../agent/steps/registry.ts';
import { createPlan } from '../../coordinator/signing/issuer.ts';
import { startMs } from '../support/cluster-builders.ts';
import { PlanningWorld } from '../support/planning-world.ts';
import { applyToWorkers } from './adapter.ts';
import { fleets } from './fleets.ts';

const kinds = new Set(Object.keys(stepRegistry));

test.each(fleets)('an agent takes every plan of $name', ({ view }) => {
  const world = new PlanningWorld([], view);
  world.runAll();
  drainOne(world);
  labelWorkers(world);
  const names = new Map(world.view.nodes.map(({ record }) => [record.id, record]));
  expect(world.plans.length).toBeGreaterThan(5);
  for (const { draft, planId } of world.plans) {
    const node = names.get(draft.nodeId);
    if (node === undefined) throw new Error(`${draft.nodeId} is no host`);
    const plan = createPlan(draft, node, {
      fleet: 'f-1',
      planId,
      epoch: 1,
      sequence: 1,
      now: startMs,
    });
    const parsed = parsePlan(Buffer.from(JSON.stringify(plan)), kinds);
    expect(parsed).toMatchObject({ kind: 'plan' });
  }
});

/** Every kind of taint, and a label. */
function labelWorkers(world: PlanningWorld): void {
  const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
  const taints = effects.map((effect) => ({ key: 'dedicated', value: 'batch', effect }));
  for (const plan of world.running()) world.finish(plan);
  world.settle();
  applyToWorkers(world, { labels: { 'example.org/disk': 'fast' }, taints });
  world.settle();
  const kinds = new Set(world.drafts.map(({ goalKey }) => goalKey.kind));
  const hasWorkers = world.view.nodes.some(({ record }) => record.pool === 'workers');
  expect(kinds.has('label-node')).toBe(hasWorkers);
}

/** What operators ask for about a host comes in plans of its own. */
function drainOne(world: PlanningWorld): void {
  const node = world.view.nodes[0]?.record.id;
  if (node === undefined) throw new Error('there is no host');
  const limits = {
    timeoutMs: 60_000,
    podGraceSeconds: null,
    evictUnmanaged: false,
    deleteEmptyDirData: true,
    disableEviction: false,
    alone: 'drain',
  } as const;
  const asked = { cluster: world.view.cluster.name, node };
  world.ask({ kind: 'drain', id: 'd1', ...asked, createdMs: world.now, limits });
  world.settle();
  for (const plan of world.running()) world.finish(plan, { 'cordon-node': { cordoned: 'ours' } });
  world.settle();
  world.ask({ kind: 'uncordon', id: 'd2', ...asked, createdMs: world.now + 1 });
  world.settle();
  const kinds = new Set(world.drafts.map(({ goalKey }) => goalKey.kind));
  expect([...kinds]).toEqual(expect.arrayContaining(['cordon', 'drain', 'uncordon']));
}
