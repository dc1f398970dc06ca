import { describe, expect, it, test } from 'vitest';
import { cordonNode } from '../../../../agent/steps/cordon-node.ts';
import { uncordonNode } from '../../../../agent/steps/uncordon-node.ts';
import { type DrainWorld, drainWorld } from './drain-world.ts';

const ours = { node: 'w1', machineId: 'machine-w1', owner: 'r1' };
const operators = { ...ours, owner: 'operator' };
const mark = 'muster.dev/cordoned-by';

async function run(
  { context }: DrainWorld,
  runner: typeof cordonNode | typeof uncordonNode,
  args: typeof ours,
): Promise<unknown> {
  const before = await runner.check(args, context);
  if (before.kind === 'satisfied') return before.outputs;
  await runner.apply(args, context);
  const after = await runner.check(args, context);
  return after.kind === 'satisfied' ? after.outputs : after;
}

const nodeOf = ({ cluster }: DrainWorld) => ({
  isCordoned: cluster.node?.spec.unschedulable === true,
  by: cluster.node?.metadata.annotations[mark] ?? null,
});

async function freeWorld(): Promise<DrainWorld> {
  const world = await drainWorld();
  world.cluster.setCordon(false);
  return world;
}

test('cordons and marks a node in one patch; the second time nothing is changed', async () => {
  await using world = await freeWorld();
  expect(await run(world, cordonNode, ours)).toEqual({ cordoned: 'ours' });
  expect(nodeOf(world)).toEqual({ isCordoned: true, by: 'r1' });
  expect(await run(world, cordonNode, ours)).toEqual({ cordoned: 'ours' });
  expect(world.server.lines.filter((line) => line.startsWith('PATCH'))).toHaveLength(1);
});

test('patches the version it has read, and reads again when another came between', async () => {
  await using world = await freeWorld();
  let patches = 0;
  world.server.on(/^PATCH /, () => {
    patches += 1;
    if (patches === 1) world.cluster.touch();
    return null;
  });
  expect(await run(world, cordonNode, ours)).toEqual({ cordoned: 'ours' });
  expect(patches).toBe(2);
});

describe('what somebody else has cordoned', () => {
  test.each([
    ['by hand', undefined],
    ['by an operator', 'operator'],
    ['by another rollout', 'r0'],
  ])('%s is left as it is, and is not given back by us', async (_, owner) => {
    await using world = await drainWorld();
    world.cluster.setCordon(true, owner);
    expect(await run(world, cordonNode, ours)).toEqual({ cordoned: 'others' });
    expect(await run(world, uncordonNode, ours)).toEqual({ uncordoned: 'not-ours' });
    expect(nodeOf(world)).toEqual({ isCordoned: true, by: owner ?? null });
  });

  it('between our look and our patch is left as it is too', async () => {
    await using world = await freeWorld();
    world.server.on(/^PATCH /, () => {
      if (!nodeOf(world).isCordoned) world.cluster.setCordon(true);
      return null;
    });
    expect(await run(world, cordonNode, ours)).toEqual({ cordoned: 'others' });
    expect(nodeOf(world).by).toBeNull();
  });
});

test('only our own cordon is removed', async () => {
  await using world = await drainWorld();
  expect(await run(world, uncordonNode, { ...ours, owner: 'r2' })).toEqual({
    uncordoned: 'not-ours',
  });
  expect(nodeOf(world).isCordoned).toBe(true);
  expect(await run(world, uncordonNode, ours)).toEqual({ uncordoned: 'yes' });
  expect(nodeOf(world)).toEqual({ isCordoned: false, by: null });
});

test('an operator takes a rollout’s cordon over, so that the rollout does not give it back', async () => {
  await using world = await drainWorld();
  expect(await run(world, cordonNode, operators)).toEqual({ cordoned: 'ours' });
  expect(nodeOf(world).by).toBe('operator');
  expect(await run(world, uncordonNode, ours)).toEqual({ uncordoned: 'not-ours' });
});

test.each([
  ['by hand', undefined],
  ['by a rollout', 'r1'],
])('an operator takes away what was cordoned %s', async (_, owner) => {
  await using world = await drainWorld();
  world.cluster.setCordon(true, owner);
  expect(await run(world, uncordonNode, operators)).toEqual({ uncordoned: 'yes' });
  expect(nodeOf(world)).toEqual({ isCordoned: false, by: null });
});

test('a mark that was left on a node that takes pods goes with our uncordon', async () => {
  await using world = await drainWorld();
  world.cluster.setCordon(false, 'r1');
  expect(await run(world, uncordonNode, ours)).toEqual({ uncordoned: 'yes' });
  expect(nodeOf(world).by).toBeNull();
});

describe('a node that is gone, or another machine’s', () => {
  it('cannot be cordoned and needs no giving back', async () => {
    await using world = await drainWorld();
    world.cluster.node = null;
    expect(await run(world, cordonNode, ours)).toEqual({ cordoned: 'gone' });
    expect(await run(world, uncordonNode, ours)).toEqual({ uncordoned: 'yes' });
  });

  it('is not touched', async () => {
    await using world = await drainWorld();
    const stranger = { ...ours, machineId: 'another-machine' };
    expect(await run(world, cordonNode, stranger)).toEqual({ cordoned: 'gone' });
    expect(await run(world, uncordonNode, stranger)).toEqual({ uncordoned: 'yes' });
    expect(nodeOf(world)).toEqual({ isCordoned: true, by: 'r1' });
  });
});
