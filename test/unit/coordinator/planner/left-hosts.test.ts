// What is planned for hosts that have left: their Node objects go, and nobody takes their name before.
import { beforeEach, describe, expect, it } from 'vitest';
import { decide } from '../../../../coordinator/planner/decide.ts';
import type { NodeView } from '../../../../coordinator/planner/view.ts';
import { asNodeId } from '../../../../shared/model/ids.ts';
import { aNode } from '../../../support/cluster-builders.ts';
import { PlanningWorld, sealedText } from '../../../support/planning-world.ts';

let world: PlanningWorld;
beforeEach(() => {
  world = new PlanningWorld([
    ...[1, 2, 3].map((number) => aNode(`m${number}`, number)),
    ...[4, 5].map((number) => aNode(`w${number}`, number, { pool: 'workers' })),
  ]);
  world.runAll();
  world.issued.length = 0;
});

const recordOf = (name: string) =>
  world.view.nodes.filter(({ record }) => record.name === name).map(({ record }) => record);

/** Another machine that has joined under the name. */
function madeAnew(name: string, number: number): NodeView {
  const node = aNode(name, number, { pool: 'workers' });
  const id = asNodeId('abababababababab');
  const facts = node.facts === null ? null : { ...node.facts, nodeId: id };
  return { ...node, record: { ...node.record, id }, facts };
}

describe('a worker that was removed', () => {
  it('has its Node object deleted by a master, once', () => {
    world.setOnline('w4', false);
    world.leave('w4', 'retired');
    world.settle();
    expect(world.issued).toEqual(['m1: delete node w4']);
    const [step] = world.plans.at(-1)?.draft.stages[0]?.steps ?? [];
    expect(step).toMatchObject({ kind: 'delete-node', args: { node: 'w4' } });
    world.runAll();
    expect(recordOf('w4')).toMatchObject([{ state: 'retired', isGone: true }]);
    expect(world.issued).toEqual(['m1: delete node w4']);
    expect(decide(world.view, world.now).waits).toEqual([]);
  });

  it('waits with a reason while no master’s agent calls', () => {
    for (const name of ['m1', 'm2', 'm3', 'w4']) world.setOnline(name, false);
    world.leave('w4', 'retired');
    const { waits } = world.settle();
    expect(waits).toContainEqual(
      expect.objectContaining({
        subject: 'w4',
        reason: { code: 'no-delegate', what: 'its Node object to be deleted' },
      }),
    );
  });
});

describe('a host that comes under the name of one that left', () => {
  it('becomes a node only after the old Node object is gone', () => {
    world.setOnline('w4', false);
    world.leave('w4', 'evicted');
    world.settle();
    expect(world.issued).toEqual([]);
    world.add(madeAnew('w4', 9));
    const { waits } = world.settle();
    expect(world.issued).toContain('m1: delete node w4');
    expect(waits.map(({ reason }) => reason.code)).toContain('name-leaving');
    expect(world.issued.filter((goal) => goal.includes('join'))).toEqual([]);
    world.runAll();
    expect(world.issued).toContain('w4: join as worker');
    expect(decide(world.view, world.now).phases['w4']).toBe('ready');
  });
});

it('a bootstrap token of an agent of 0.1, for a host that left before it used it, is deleted', () => {
  world.add(aNode('w6', 6, { pool: 'workers' }));
  const told = { 'create-join-credentials': { sealed: sealedText('a token'), tokenId: 'abcdef' } };
  for (let round = 0; !world.issued.includes('w6: join as worker'); round += 1) {
    if (round > 50) throw new Error('w6 does not come to its join');
    for (const plan of world.running()) world.finish(plan, told);
    world.settle();
  }
  for (const plan of world.running()) world.fail(plan, { retryable: false });
  world.leave('w6', 'banned');
  world.settle();
  expect(world.issued.at(-1)).toBe('m1: delete join credentials of w6');
});
