import { describe, expect, it, test } from 'vitest';
import { labelNode } from '../../../../agent/steps/label-node.ts';
import type { NodeGifts, NodeTaint, StepArgs } from '../../../../shared/model/step.ts';
import { type DrainWorld, drainWorld } from './drain-world.ts';

const mark = 'muster.dev/given';
const none: NodeGifts = { labels: {}, taints: [] };
const batch: NodeTaint = { key: 'dedicated', value: 'batch', effect: 'NoSchedule' };
const slow: NodeTaint = { key: 'slow', value: '', effect: 'PreferNoSchedule' };
const cordonTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

const wish = (wanted: Partial<NodeGifts>, before: NodeGifts = none): StepArgs['label-node'] => ({
  node: 'w1',
  machineId: 'machine-w1',
  ...none,
  ...wanted,
  before,
});

/** As an agent runs it: whether anything was changed. */
async function run({ context }: DrainWorld, args: StepArgs['label-node']): Promise<boolean> {
  if ((await labelNode.check(args, context)).kind === 'satisfied') return false;
  await labelNode.apply(args, context);
  expect(await labelNode.check(args, context)).toEqual({ kind: 'satisfied' });
  return true;
}

/** As it is without Muster, and as its kubelet registered it. */
async function worldWith(
  labels: Readonly<Record<string, string>>,
  taints: readonly object[] = [],
): Promise<DrainWorld> {
  const world = await drainWorld();
  const { node } = world.cluster;
  if (node === null) throw new Error('there is no node');
  node.metadata.labels = { ...labels };
  node.metadata.annotations = {};
  node.spec = taints.length === 0 ? {} : { taints };
  return world;
}

const labelsOf = ({ cluster }: DrainWorld) => cluster.node?.metadata.labels;
const taintsOf = ({ cluster }: DrainWorld) => cluster.node?.spec.taints ?? [];
const patchesOf = ({ server }: DrainWorld) =>
  server.lines.filter((line) => line.startsWith('PATCH')).length;

test('sets labels and taints in one patch; the second time nothing is changed', async () => {
  await using world = await worldWith({ 'kubernetes.io/hostname': 'w1' }, [cordonTaint]);
  const args = wish({ labels: { disk: 'fast' }, taints: [batch, slow] });
  expect(await run(world, args)).toBe(true);
  expect(labelsOf(world)).toEqual({ 'kubernetes.io/hostname': 'w1', disk: 'fast' });
  expect(taintsOf(world)).toEqual([
    cordonTaint,
    batch,
    { key: 'slow', effect: 'PreferNoSchedule' },
  ]);
  expect(await run(world, args)).toBe(false);
  expect(patchesOf(world)).toBe(1);
});

test('what the spec no longer names is taken away, and everybody else’s stays', async () => {
  await using world = await worldWith({ theirs: 'x', 'node.kubernetes.io/zone': 'a' }, [
    cordonTaint,
  ]);
  const first = { labels: { disk: 'fast', tier: 'a' }, taints: [batch, slow] };
  const second = { labels: { tier: 'b' }, taints: [slow] };
  await run(world, wish(first));
  await run(world, wish(second, first));
  expect(labelsOf(world)).toEqual({ theirs: 'x', 'node.kubernetes.io/zone': 'a', tier: 'b' });
  expect(taintsOf(world)).toEqual([cordonTaint, { key: 'slow', effect: 'PreferNoSchedule' }]);
  await run(world, wish({}, second));
  expect(labelsOf(world)).toEqual({ theirs: 'x', 'node.kubernetes.io/zone': 'a' });
  expect(taintsOf(world)).toEqual([cordonTaint]);
});

describe('a node that registered with labels and taints', () => {
  const before: NodeGifts = { labels: { disk: 'fast' }, taints: [batch] };

  it('needs nothing while the spec is the same', async () => {
    await using world = await worldWith({ disk: 'fast' }, [batch]);
    expect(await run(world, wish(before, before))).toBe(false);
    expect(patchesOf(world)).toBe(0);
  });

  it('loses those that the spec no longer names', async () => {
    await using world = await worldWith({ disk: 'fast', theirs: 'x' }, [batch]);
    expect(await run(world, wish({}, before))).toBe(true);
    expect(labelsOf(world)).toEqual({ theirs: 'x' });
    expect(taintsOf(world)).toEqual([]);
  });

  it('keeps what somebody has put there again, once the mark says that it is not ours', async () => {
    await using world = await worldWith({ disk: 'fast' }, [batch]);
    await run(world, wish({}, before));
    const { node } = world.cluster;
    if (node !== null) node.metadata.labels = { disk: 'fast' };
    expect(await run(world, wish({}, before))).toBe(false);
    expect(labelsOf(world)).toEqual({ disk: 'fast' });
  });
});

test('another value of a label and of a taint takes the place of the one before', async () => {
  await using world = await worldWith({});
  await run(world, wish({ labels: { disk: 'fast' }, taints: [batch] }));
  const other = { ...batch, value: 'web' };
  await run(world, wish({ labels: { disk: 'slow' }, taints: [other] }));
  expect(labelsOf(world)).toEqual({ disk: 'slow' });
  expect(taintsOf(world)).toEqual([other]);
});

test('a label whose value somebody has changed is theirs, and stays when the spec drops it', async () => {
  await using world = await worldWith({});
  await run(world, wish({ labels: { disk: 'fast' } }));
  const { node } = world.cluster;
  if (node !== null) node.metadata.labels = { disk: 'by-hand' };
  await run(world, wish({}));
  expect(labelsOf(world)).toEqual({ disk: 'by-hand' });
});

test('what somebody had put there before the spec named it stays when the spec drops it', async () => {
  await using world = await worldWith({ disk: 'fast' }, [batch]);
  expect(await run(world, wish({ labels: { disk: 'fast' }, taints: [batch] }))).toBe(false);
  await run(world, wish({ labels: { tier: 'a' } }));
  expect(labelsOf(world)).toEqual({ disk: 'fast', tier: 'a' });
  expect(taintsOf(world)).toEqual([batch]);
});

test('a mark that is none of ours is passed over', async () => {
  await using world = await worldWith({ disk: 'fast' });
  const { node } = world.cluster;
  if (node !== null) node.metadata.annotations = { [mark]: '{"labels":["disk"' };
  await run(world, wish({}, { labels: { disk: 'fast' }, taints: [] }));
  expect(labelsOf(world)).toEqual({});
});

test('patches the version it has read, and keeps a taint that came between', async () => {
  await using world = await worldWith({});
  world.server.on(/^PATCH /, () => {
    const { node } = world.cluster;
    if (node !== null && node.spec.taints === undefined) {
      node.spec = { taints: [cordonTaint] };
      world.cluster.touch();
    }
    return null;
  });
  expect(await run(world, wish({ taints: [batch] }))).toBe(true);
  expect(taintsOf(world)).toEqual([cordonTaint, batch]);
  expect(patchesOf(world)).toBe(2);
});

describe('a node that is another machine’s, or is not there', () => {
  it('is refused with both machines named, and is not touched', async () => {
    await using world = await worldWith({});
    const args = { ...wish({ labels: { disk: 'fast' } }), machineId: 'machine-w9' };
    await expect(labelNode.check(args, world.context)).rejects.toThrow(
      'node w1 of the cluster is of another machine (machine-id machine-w1, expected machine-w9)',
    );
    await expect(labelNode.apply(args, world.context)).rejects.toMatchObject({ code: 'refused' });
    expect(patchesOf(world)).toBe(0);
  });

  it('says what brings it back', async () => {
    await using world = await worldWith({});
    world.cluster.node = null;
    await expect(labelNode.check(wish({}), world.context)).rejects.toThrow(
      'w1 is not in the cluster: its kubelet registers it when it starts',
    );
  });
});

test('a mark that the kubelet wrote itself takes away no label and no taint that the plan does not name', async () => {
  const label = 'node-restriction.kubernetes.io/quarantined';
  const quarantine: NodeTaint = { key: 'quarantine', value: '', effect: 'NoExecute' };
  await using world = await worldWith({ [label]: 'yes' }, [quarantine]);
  const { node } = world.cluster;
  const forged = { labels: { [label]: 'yes' }, taints: [quarantine] };
  if (node !== null) node.metadata.annotations = { [mark]: JSON.stringify(forged) };
  await run(world, wish({ labels: { disk: 'fast' } }));
  expect(labelsOf(world)).toEqual({ [label]: 'yes', disk: 'fast' });
  expect(taintsOf(world)).toEqual([quarantine]);
});
