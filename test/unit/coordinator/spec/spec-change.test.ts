import { expect, test } from 'vitest';
import {
  type ClusterProgress,
  judgeSpecChange,
  reachesHosts,
} from '../../../../coordinator/spec/spec-change.ts';
import { aSpec } from '../../../support/cluster-builders.ts';

const running: ClusterProgress = {
  hasBegun: true,
  nodes: { 'control-plane': ['m1', 'm2', 'm3'], workers: ['w1', 'w2'] },
};
const bare = { hasBegun: false, nodes: {} };
const masters = { name: 'control-plane', roles: ['etcd', 'control-plane'], size: 3 };

const reasonsFor = (change: object, progress = running): readonly string[] => {
  const judged = judgeSpecChange(aSpec(), aSpec(change), progress);
  return judged.kind === 'refused' ? judged.reasons : [];
};

test('the same spec is unchanged', () => {
  expect(judgeSpecChange(aSpec(), aSpec(), running)).toEqual({ kind: 'unchanged' });
});

test('a new worker pool is allowed and named', () => {
  const pools = [
    masters,
    { name: 'workers', roles: ['worker'] },
    { name: 'gpu', roles: ['worker'] },
  ];
  expect(judgeSpecChange(aSpec(), aSpec({ pools }), running)).toEqual({
    kind: 'allowed',
    messages: ['pool gpu added'],
  });
});

test('a worker pool may get a size that its hosts fit in', () => {
  const pools = [masters, { name: 'workers', roles: ['worker'], size: 5 }];
  expect(judgeSpecChange(aSpec(), aSpec({ pools }), running)).toEqual({
    kind: 'allowed',
    messages: ['pool workers: size open → 5'],
  });
});

test('a smaller size than there are hosts is refused with the commands to run', () => {
  const reasons = reasonsFor({ pools: [masters, { name: 'workers', roles: ['worker'], size: 1 }] });
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toContain('apply never removes hosts');
  expect(reasons[0]).toContain('coordinator node remove w2');
});

test('a pool that is gone but has hosts is refused, also before the install', () => {
  const reasons = reasonsFor({ pools: [masters] }, { hasBegun: false, nodes: { workers: ['w1'] } });
  expect(reasons[0]).toContain('pool workers is gone from the spec but has 1 host');
});

test('an empty pool may go', () => {
  const judged = judgeSpecChange(aSpec(), aSpec({ pools: [masters] }), { ...running, nodes: {} });
  expect(judged).toEqual({ kind: 'allowed', messages: ['pool workers dropped: it had no host'] });
});

test.each([
  [
    'other pod addresses',
    { network: { pods: '10.8.0.0/16' } },
    'network.pods is 10.200.0.0/16 and would become 10.8.0.0/16',
  ],
  [
    'another endpoint',
    { controlPlane: { endpoint: { address: 'vip:6443' } } },
    'controlPlane.endpoint differs',
  ],
  [
    'another size of the control plane',
    {
      pools: [
        { ...masters, size: 5 },
        { name: 'workers', roles: ['worker'] },
      ],
    },
    'size of pool control-plane is 3 and would become 5',
  ],
  [
    'other roles',
    { pools: [masters, { name: 'workers', roles: ['etcd'], size: 3 }] },
    'roles of pool workers cannot be changed',
  ],
  [
    'an address in use',
    {
      pools: [masters, { name: 'workers', roles: ['worker'], nodeAddress: { interface: 'eth1' } }],
    },
    'nodeAddress of pool workers is in use by 2 nodes',
  ],
])('%s is refused once the install has begun, and allowed before', (_what, change, sentence) => {
  expect(reasonsFor(change).join('\n')).toContain(sentence);
  expect(judgeSpecChange(aSpec(), aSpec(change), bare).kind).toBe('allowed');
});

const workersWith = (change: object) => ({
  pools: [masters, { name: 'workers', roles: ['worker'], ...change }],
});

test('labels and taints of nodes that are there may be changed, and each change is said', () => {
  const before = aSpec(
    workersWith({
      labels: { disk: 'slow', tier: 'a' },
      taints: [{ key: 'gpu', effect: 'NoSchedule' }],
    }),
  );
  const after = aSpec({
    ...workersWith({
      labels: { disk: 'fast' },
      taints: [{ key: 'dedicated', value: 'batch', effect: 'NoExecute' }],
    }),
    hosts: { w7: { labels: { rack: '12' } } },
  });
  const change = judgeSpecChange(before, after, running);
  expect(change).toMatchObject({ kind: 'allowed' });
  const [pool, host] = change.kind === 'allowed' ? change.messages : [];
  expect(pool).toContain('pool workers: label disk=fast, no label tier, taint');
  expect(pool).toContain(
    'taint dedicated=batch:NoExecute (running pods that do not tolerate it are evicted at once',
  );
  expect(pool).toContain('no taint gpu:NoSchedule');
  expect(host).toBe('host w7: label rack=12');
  expect(reachesHosts(before, after)).toBe(true);
});

const runsAt = (serves: string, more: Partial<ClusterProgress> = {}): ClusterProgress => ({
  ...running,
  serves,
  ...more,
});
const toVersion = (version: string) => ({ kubernetes: { version } });

test.each([
  ['a patch', 'v1.37.9'],
  ['the next minor', 'v1.38.0'],
])('%s is an upgrade, and said', (_what, version) => {
  expect(judgeSpecChange(aSpec(), aSpec(toVersion(version)), runsAt('v1.37.1'))).toEqual({
    kind: 'allowed',
    messages: [`kubernetes.version: v1.37.1 → ${version}`],
  });
});

test('two minors at once are refused with the one that comes first', () => {
  const [reason] = reasonsFor(toVersion('v1.39.0'), runsAt('v1.37.1'));
  expect(reason).toContain('2 minors at once');
  expect(reason).toContain('apply a v1.38 first');
});

test('an API server is never lowered, and the snapshot from before is named', () => {
  const [reason] = reasonsFor(
    toVersion('v1.36.4'),
    runsAt('v1.37.1', { snapshot: '/var/lib/etcd-snapshots/before-r3.db' }),
  );
  expect(reason).toContain('Kubernetes knows no way back');
  expect(reason).toContain('/var/lib/etcd-snapshots/before-r3.db');
});

test('nor below what one of them was begun to be raised to', () => {
  const progress = runsAt('v1.36.4', { raisedTo: 'v1.37.1' });
  expect(reasonsFor(toVersion('v1.36.9'), progress)[0]).toContain('API servers run v1.37.1');
});

test('before any API server was raised another version may be taken', () => {
  const progress = runsAt('v1.37.0');
  expect(judgeSpecChange(aSpec(), aSpec(toVersion('v1.37.0')), progress).kind).toBe('allowed');
});

test('what hosts are made of is not changed while a rollout is under way; who may join is', () => {
  const progress = runsAt('v1.37.1', { rollout: { id: 'r4', at: 'running, 2 of 5 hosts done' } });
  expect(reasonsFor({ kubelet: { maxPods: 50 } }, progress)[0]).toContain(
    'rollout r4 is under way (running, 2 of 5 hosts done)',
  );
  const pools = [masters, { name: 'workers', roles: ['worker'], size: 9 }];
  expect(reasonsFor({ pools }, progress)).toEqual([]);
});

test('when etcd is saved may be changed at any time, and is nothing that a rollout brings', () => {
  const progress = runsAt('v1.37.1', { rollout: { id: 'r4', at: 'running, 2 of 5 hosts done' } });
  const etcd = { snapshots: { schedule: 'off', keep: 2 } };
  expect(reasonsFor({ etcd }, progress)).toEqual([]);
  expect(reachesHosts(aSpec(), aSpec({ etcd }))).toBe(false);
});
