// A rollout beside what etcd needs while it lives: the snapshot before it, and defragmentation.
import { describe, expect, test } from 'vitest';
import { showWait } from '../../../../../coordinator/operator/wait-sentences.ts';
import type { Decision } from '../../../../../coordinator/planner/decision.ts';
import type { OperatorRequest, PlanRecord } from '../../../../../coordinator/store/records.ts';
import { RolloutWorld, upgraded } from '../../../../support/rollout-world.ts';

const defragment = 'defragment the etcd database';
const atEtcd = ({ since }: RolloutWorld): readonly string[] =>
  since.filter((line) => line.endsWith(defragment));
const atWork = (world: RolloutWorld): readonly PlanRecord[] =>
  world.running().filter(({ goal }) => /change control plane|drain|change host|cordon/.test(goal));

function ask(world: RolloutWorld): void {
  const request: OperatorRequest = {
    kind: 'defragment',
    id: 'asked',
    cluster: 'lab',
    createdMs: world.now,
  };
  world.view = { ...world.view, requests: [...world.view.requests, request] };
}

const sentences = (world: RolloutWorld, { waits }: Decision): readonly string[] =>
  waits.map((wait) => showWait(wait, world.now)).map((shown) => `${shown.subject} ${shown.for}`);

describe('the snapshot before a rollout', () => {
  test('is a file of its name, is sealed, copied and known like any other', () => {
    const world = RolloutWorld.finished();
    world.setCluster({
      ...world.view.cluster,
      recoveryKey: { publicKey: 'a2V5', fingerprint: 'abcd', setMs: 0 },
    });
    world.apply(upgraded);
    for (let round = 0; round < 10 && !isTaken(world); round += 1) {
      world.settle();
      const plan = world.running().find(({ goalKey }) => goalKey.kind === 'snapshot');
      if (plan === undefined) world.round();
      else world.finish(plan, told);
    }
    const draft = world.drafts.find(
      ({ goalKey }) => goalKey.kind === 'snapshot' && isOfRollout(goalKey.subject),
    );
    const steps = draft?.stages.flatMap((stage) => stage.steps) ?? [];
    expect(steps.map(({ kind }) => kind)).toEqual([
      'etcd-snapshot',
      'prune-snapshots',
      'seal-snapshot',
    ]);
    expect(steps[0]).toMatchObject({ args: { path: expect.stringMatching(/\/before-r1\.db$/) } });
    expect(world.rollout.snapshot).toMatchObject({
      path: '/snapshots/before-r1.db',
      revision: '7',
    });
    expect(world.view.cluster.snapshots?.at(-1)).toMatchObject({
      id: 'before-r1',
      sealed: { key: 'abcd' },
    });
    expect(world.since).toContain('m1: copy an etcd snapshot to the coordinator');
  });

  const told = {
    'etcd-snapshot': { revision: '7', hash: 'ff', bytes: '2048', path: '/snapshots/before-r1.db' },
    'prune-snapshots': { kept: 'before-r1' },
    'seal-snapshot': { sha256: 'a'.repeat(64), bytes: '4096', key: 'abcd' },
  };
  const isOfRollout = (subject: string): boolean => subject === 'r1';
  const isTaken = ({ view }: RolloutWorld): boolean =>
    (view.cluster.rollout?.snapshot ?? null) !== null;
});

describe('defragmentation', () => {
  test('is never under way beside what a rollout does to hosts, whichever came first', () => {
    const world = RolloutWorld.finished();
    world.apply(upgraded);
    ask(world);
    for (let round = 0; round < 120 && world.view.cluster.rollout?.state !== 'done'; round += 1) {
      world.settle();
      const busy = world.running().filter(({ goal }) => goal === defragment);
      if (busy.length > 0) expect(atWork(world)).toEqual([]);
      if (round === 10) ask(world);
      world.round();
    }
    expect(world.rollout.state).toBe('done');
    world.roll();
    // Three members, asked for twice.
    expect(atEtcd(world)).toHaveLength(6);
  });

  test('that is asked for waits for a rollout, says so, and has its turn when that is paused', () => {
    const world = RolloutWorld.finished();
    world.apply(upgraded);
    world.settle();
    for (let round = 0; round < 60 && world.host('m1')?.state !== 'draining'; round += 1)
      world.round();
    expect(world.host('m1')?.state).toBe('draining');
    ask(world);
    const decision = world.settle();
    expect(atEtcd(world)).toEqual([]);
    expect(sentences(world, decision)).toContain(
      'lab waits with the defragmentation of etcd: rollout r1 is changing hosts',
    );
    world.setRollout({ state: 'paused', by: 'ops' });
    world.roll();
    expect(atEtcd(world)).toHaveLength(3);
    world.setRollout({ state: 'running', by: null });
    world.roll();
    expect(world.rollout.state).toBe('done');
  });

  test('that is under way holds a rollout back, which says so', () => {
    const world = RolloutWorld.finished();
    ask(world);
    world.settle();
    expect(world.view.cluster.change).toMatchObject({ kind: 'defragment' });
    world.apply(upgraded);
    world.settle();
    expect(world.view.cluster.rollout ?? null).toBeNull();
    world.roll();
    expect(world.rollout.state).toBe('done');
    expect(atEtcd(world)).toHaveLength(3);
  });

  test('that fails for good does not stop a rollout that was resumed beside it', () => {
    const world = RolloutWorld.finished();
    world.apply(upgraded);
    world.settle();
    for (let round = 0; round < 60 && world.host('m2')?.state !== 'done'; round += 1) world.round();
    world.setRollout({ state: 'paused', by: 'ops' });
    for (let round = 0; round < 20 && world.running().length > 0; round += 1) world.round();
    ask(world);
    world.settle();
    expect(world.view.cluster.change).toMatchObject({ kind: 'defragment' });
    world.setRollout({ state: 'running', by: null });
    const decision = world.settle();
    expect(atWork(world)).toEqual([]);
    expect(sentences(world, decision)).toContainEqual(
      expect.stringMatching(
        /waits for its turn in the rollout: m1 is having its etcd database defragmented/,
      ),
    );
    for (let round = 0; round < 60 && world.rollout.state === 'running'; round += 1)
      world.round((line) => line.endsWith(defragment));
    expect(world.rollout).toMatchObject({ state: 'done', stoppedBy: null });
  });
});
