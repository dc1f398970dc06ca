import { expect, test } from 'vitest';
import { checkNames } from '../../../../../coordinator/planner/preflight/preflight.ts';
import type { NodeFacts } from '../../../../../shared/model/facts.ts';
import { aCluster, aNode, aSpec } from '../../../../support/cluster-builders.ts';
import { judged, judgedMaster } from './judged.ts';

const small: Partial<NodeFacts> = { memoryBytes: 1, cpus: 1 };
const severities = (faults: readonly string[]): string[] =>
  faults.map((fault) => fault.split(' needed')[0] ?? '');

test('tells every fault of every host at once, host by host', () => {
  const faults = judged([
    aNode('m1', 11, { facts: small }),
    aNode('w1', 21, { pool: 'workers', facts: { overlayfs: false } }),
  ]);
  expect(severities(faults)).toEqual([
    'm1 error [memory] found 0 MiB of memory,',
    'm1 error [cpus] found 1 CPU,',
    'w1 error [overlayfs] found no overlayfs,',
  ]);
});

test('shows an ignored check as a warning, and the others as they are', () => {
  expect(severities(judgedMaster(small, aCluster({ ignoredChecks: ['memory'] })))).toEqual([
    'm1 warning [memory] found 0 MiB of memory,',
    'm1 error [cpus] found 1 CPU,',
  ]);
});

test('shows every fault as a warning when all checks are ignored, those of the cluster too', () => {
  const spec = aSpec({
    pools: [{ name: 'control-plane', roles: ['etcd', 'control-plane'], size: 2 }],
  });
  expect(severities(judgedMaster(small, aCluster({ spec, ignoredChecks: ['all'] })))).toEqual([
    'm1 warning [memory] found 0 MiB of memory,',
    'm1 warning [cpus] found 1 CPU,',
    'lab warning [etcd-count] found 2 etcd members, which survive the loss of 0, as 1 do,',
  ]);
});

test('does not judge a host again once its preparation has begun: its ports are our own then', () => {
  const running: Partial<NodeFacts> = {
    ports: [{ port: 10250, address: '*', process: 'kubelet' }],
    leftovers: ['/etc/kubernetes/manifests'],
    machineId: 'machine-m2',
  };
  const nodes = [aNode('m2', 12), aNode('m3', 13, { facts: running })];
  expect(judged(nodes)).toHaveLength(3);
  expect(judged(nodes, { begun: ['m3'], lacking: ['etcd'] })).toEqual(
    judged([nodes[0]!], { lacking: ['etcd'] }),
  );
});

test('compares a new host with those that have begun', () => {
  const nodes = [aNode('m1', 11), aNode('m2', 12, { facts: { machineId: 'machine-m1' } })];
  expect(judged(nodes, { begun: ['m1'] })).toHaveLength(1);
});

test('knows the faults of the cluster whatever has begun', () => {
  const spec = aSpec({ network: { pods: '10.96.0.0/16' } });
  expect(
    severities(judged([aNode('m1', 11)], { cluster: aCluster({ spec }), begun: ['m1'] })),
  ).toEqual(['lab error [ranges] found pods 10.96.0.0/16 and services 10.96.0.0/12 overlap,']);
});

test('does not judge hosts of which nothing is known, or which are no members any more', () => {
  const gone = aNode('m1', 11, { facts: small });
  expect(judged([{ ...gone, facts: null }])).toEqual([]);
  expect(judged([{ ...gone, record: { ...gone.record, state: 'evicted' } }])).toEqual([]);
});

test('lists every check by the name that operators ignore', () => {
  expect(checkNames).toEqual([
    'memory',
    'cpus',
    'disk',
    'kernel',
    'kernel-modules',
    'overlayfs',
    'cgroup',
    'tools',
    'architecture',
    'privileges',
    'swap',
    'ports',
    'leftovers',
    'clock',
    'hostname',
    'address',
    'dns',
    'firewall',
    'http-proxy',
    'etcd-count',
    'ranges',
    'unique-hostname',
    'unique-machine-id',
    'unique-product-uuid',
    'unique-address',
    'artifacts',
  ]);
});
