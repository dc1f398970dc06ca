import { expect, test } from 'vitest';
import { dueMs } from '../../../../../coordinator/planner/renewal/renewable.ts';
import type { CertificateHealth } from '../../../../../shared/model/health.ts';
import type { NodeId } from '../../../../../shared/model/ids.ts';
import type { Stage } from '../../../../../shared/model/plan.ts';
import type { StepArgs } from '../../../../../shared/model/step.ts';
import { RolloutWorld } from '../../../../support/rollout-world.ts';

const dayMs = 24 * 3_600_000;
const yearMs = 365 * dayMs;

const endingIn = (now: number, ms: number): readonly CertificateHealth[] => [
  {
    path: '/etc/kubernetes/pki/ca.crt',
    subject: 'CN=kubernetes',
    notBeforeMs: now - yearMs,
    notAfterMs: now + 9 * yearMs,
  },
  {
    path: '/etc/kubernetes/pki/apiserver.crt',
    subject: 'CN=kube-apiserver',
    notBeforeMs: now + ms - yearMs,
    notAfterMs: now + ms,
  },
];

class RenewalWorld extends RolloutWorld {
  idOf(name: string): NodeId {
    const node = this.view.nodes.find(({ record }) => record.name === name);
    if (node === undefined) throw new Error(`there is no ${name}`);
    return node.record.id;
  }

  /** What the agent of a host measures. */
  setEnds(name: string, ms: number): void {
    this.setCertificates(name, endingIn(this.now, ms));
  }

  setCertificates(name: string, certificates: readonly CertificateHealth[]): void {
    const nodes = this.view.nodes.map((node) =>
      node.record.name === name ? { ...node, certificates } : node,
    );
    this.view = { ...this.view, nodes };
  }

  askRenewal(node: string | null): void {
    const request = {
      kind: 'renew-certificates' as const,
      id: `r${this.now}`,
      cluster: 'lab',
      node: node === null ? null : this.idOf(node),
      createdMs: this.now,
    };
    this.view = { ...this.view, requests: [...this.view.requests, request] };
  }

  stagesOf(name: string): readonly Stage[] {
    const plan = this.plans.findLast(
      (one) => one.node === name && one.draft.goal === 'renew certificates',
    );
    return plan?.draft.stages ?? [];
  }
}

const finished = (): RenewalWorld => {
  const world = RenewalWorld.finished() as RenewalWorld;
  for (const name of ['m1', 'm2', 'm3']) world.setEnds(name, yearMs);
  return world;
};

/** Snapshots by their schedule left out. */
const renewalsIn = ({ since }: RenewalWorld): readonly string[] =>
  since.filter((line) => line.endsWith('renew certificates'));

test('nothing is renewed while a year is left', () => {
  const world = finished();
  world.settle();
  expect(world.since).toEqual([]);
});

test('renews from thirty days before the end on, or a third of its life where that is less', () => {
  expect(dueMs({ notBeforeMs: 0, notAfterMs: yearMs })).toBe(yearMs - 30 * dayMs);
  expect(dueMs({ notBeforeMs: 0, notAfterMs: 30 * dayMs })).toBe(20 * dayMs);
  expect(dueMs({ notAfterMs: yearMs })).toBe(yearMs - 30 * dayMs);
});

test('wakes by itself when the first certificate is due', () => {
  const world = finished();
  const { cluster } = world.view;
  const etcd = { ...cluster.spec.etcd, snapshots: { schedule: 'off', keep: 1 } };
  world.setCluster({ ...cluster, spec: { ...cluster.spec, etcd } });
  expect(world.settle().wakeAtMs).toBe(world.now + yearMs - 30 * dayMs);
});

test('what is about to end is renewed without anyone asking, one master at a time, in gates', () => {
  const world = finished();
  for (const name of ['m1', 'm2', 'm3']) world.setEnds(name, 29 * dayMs);
  for (const name of ['m1', 'm2', 'm3']) {
    world.settle();
    const running = world.running().map((plan) => world.nameOf(plan.nodeId));
    expect(running).toEqual([name]);
    expect(world.view.cluster.change).toMatchObject({ kind: 'renew' });
    expect(world.stagesOf(name).map(({ title }) => title)).toEqual([
      'configuration',
      'certificates of etcd',
      'certificates of the control plane',
      'gate',
      'static pods',
      'what is served',
      'gate after',
    ]);
    world.round();
    world.setEnds(name, yearMs);
  }
  world.settle();
  expect(world.running()).toEqual([]);
  expect(world.since).toEqual(['m1', 'm2', 'm3'].map((name) => `${name}: renew certificates`));
  expect(world.view.cluster.change).toBeNull();
  expect(Object.keys(world.view.cluster.renewed ?? {})).toHaveLength(3);
});

test('the same happens a year later again', () => {
  const world = finished();
  world.setEnds('m2', 20 * dayMs);
  world.roll();
  world.now += yearMs;
  for (const name of ['m1', 'm2', 'm3']) world.setEnds(name, yearMs);
  world.setEnds('m2', 20 * dayMs);
  world.roll();
  expect(renewalsIn(world)).toEqual(['m2: renew certificates', 'm2: renew certificates']);
  const ids = world.plans
    .filter(({ draft }) => draft.goal === 'renew certificates')
    .flatMap(({ draft }) => draft.stages)
    .flatMap(({ steps }) => steps)
    .filter(({ kind }) => kind === 'renew-certificates')
    .map(({ args }) => (args as StepArgs['renew-certificates']).renewal);
  expect(new Set(ids).size).toBe(2);
});

test('authorities and the kubelet’s own certificates begin no renewal', () => {
  const world = finished();
  const end = { subject: 'CN=x', notBeforeMs: world.now - yearMs, notAfterMs: world.now + dayMs };
  world.setCertificates('m1', [
    { path: '/etc/kubernetes/pki/ca.crt', ...end },
    { path: '/etc/etcd/pki/peer-ca.crt', ...end },
    { path: '/var/lib/kubelet/pki/kubelet-client-current.pem', ...end },
  ]);
  world.settle();
  expect(world.since).toEqual([]);
});

test('what is still measured as old is not renewed again and again', () => {
  const world = finished();
  world.setEnds('m1', 20 * dayMs);
  world.roll();
  world.now += 12 * 3_600_000;
  world.settle();
  expect(renewalsIn(world)).toEqual(['m1: renew certificates']);
});

test('a renewal waits for the rollout that is open, and follows it', () => {
  const world = finished();
  world.apply({ kubernetes: { version: 'v1.37.1' } });
  world.setEnds('m1', 20 * dayMs);
  const decision = world.settle();
  expect(decision.waits).toContainEqual(
    expect.objectContaining({
      subject: 'm1',
      reason: expect.objectContaining({
        code: 'renewal-waits',
        standing: { kind: 'rollout', rollout: 'r1' },
      }) as unknown,
    }),
  );
  for (let round = 0; round < 200 && world.rollout.state === 'running'; round += 1) {
    expect(world.view.cluster.change?.kind).not.toBe('renew');
    world.round();
    world.now += 11_000;
    world.settle();
  }
  world.roll();
  expect(world.rollout.state).toBe('done');
  expect(world.since.at(-1)).toBe('m1: renew certificates');
});

test('a rollout that is paused lets a renewal go first, and goes on after it', () => {
  const world = finished();
  world.apply({ kubernetes: { version: 'v1.37.1' } });
  world.settle();
  world.setRollout({ state: 'paused', stateSinceMs: world.now });
  world.runAll();
  world.setEnds('m1', 20 * dayMs);
  world.settle();
  expect(world.view.cluster.change).toMatchObject({ kind: 'renew' });
  world.round();
  world.setEnds('m1', yearMs);
  world.settle();
  expect(world.view.cluster.change).toBeNull();
  expect(world.rollout.state).toBe('paused');
});

test('a master that is away waits, is named, and holds nobody up', () => {
  const world = finished();
  for (const name of ['m1', 'm2']) world.setEnds(name, 20 * dayMs);
  world.setOnline('m1', false);
  const decision = world.settle();
  expect(decision.renewals).toMatchObject({ m1: { kind: 'away' }, m2: { kind: 'under-way' } });
  expect(decision.waits.map(({ subject, reason }) => [subject, reason.code])).toContainEqual([
    'm1',
    'renewal-waits',
  ]);
  world.round();
  world.setEnds('m2', yearMs);
  world.setOnline('m1', true);
  world.roll();
  expect(world.since).toEqual(['m2: renew certificates', 'm1: renew certificates']);
});

test('certificates that have ended are renewed without the gates that cannot be green', () => {
  const world = finished();
  for (const name of ['m1', 'm2', 'm3']) world.setEnds(name, -dayMs);
  const titles = (name: string) => world.stagesOf(name).map(({ title }) => title);
  world.settle();
  expect(titles('m1')).toEqual([
    'configuration',
    'certificates of etcd',
    'certificates of the control plane',
    'static pods',
    'what is served',
  ]);
  const restart = world
    .stagesOf('m1')
    .flatMap(({ steps }) => steps)
    .find(({ kind }) => kind === 'restart-static-pods');
  expect(restart?.args).toMatchObject({ mustBeReady: false });
  world.round();
  world.setEnds('m1', yearMs);
  world.settle();
  world.round();
  world.setEnds('m2', yearMs);
  world.settle();
  // The last one brings everything back, and proves it.
  expect(titles('m3')).not.toContain('gate');
  expect(titles('m3')).toContain('gate after');
});

test('what has ended is renewed before what only ends soon', () => {
  const world = finished();
  world.setEnds('m1', 20 * dayMs);
  world.setEnds('m3', -dayMs);
  world.settle();
  expect(world.running().map((plan) => world.nameOf(plan.nodeId))).toEqual(['m3']);
});

test('a renewal that fails ends, is told of its host, and others have their turn', () => {
  const world = finished();
  for (const name of ['m1', 'm2']) world.setEnds(name, 20 * dayMs);
  world.settle();
  const decision = world.round((line) => line.startsWith('m1'));
  expect(world.view.cluster.change).toMatchObject({ kind: 'renew', delegate: world.idOf('m2') });
  expect(decision.renewals).toMatchObject({ m1: { kind: 'held', why: 'it broke' } });
  expect(decision.waits).toContainEqual(
    expect.objectContaining({
      subject: 'm1',
      reason: expect.objectContaining({ code: 'held', why: 'it broke' }) as unknown,
    }),
  );
  world.round();
  world.setEnds('m2', yearMs);
  world.settle();
  expect(world.running()).toEqual([]);
});

test('a renewal of one master that is asked for touches no other', () => {
  const world = finished();
  world.now += 1_000;
  world.askRenewal('m2');
  world.roll();
  expect(world.since).toEqual(['m2: renew certificates']);
});

test('a renewal of all that is asked for goes from one master to the next, and is over', () => {
  const world = finished();
  world.now += 1_000;
  world.askRenewal(null);
  world.settle();
  for (let round = 0; round < 5; round += 1) {
    expect(world.running().length).toBeLessThanOrEqual(1);
    world.round();
  }
  expect(world.since).toEqual(['m1', 'm2', 'm3'].map((name) => `${name}: renew certificates`));
});

test('the Kubernetes CA is looked at before anything is renewed', () => {
  const world = finished();
  world.now += 1_000;
  world.askRenewal('m1');
  world.settle();
  expect(world.stagesOf('m1')[0]?.steps[0]).toMatchObject({
    kind: 'read-ca-digest',
    args: { expected: world.view.cluster.caDigest },
  });
});
