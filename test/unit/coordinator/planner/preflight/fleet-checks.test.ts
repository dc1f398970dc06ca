import { expect, test } from 'vitest';
import type { AddressFact, NodeFacts } from '../../../../../shared/model/facts.ts';
import { aCluster, aLock, aNode, aSpec } from '../../../../support/cluster-builders.ts';
import { judged } from './judged.ts';

const masters = [aNode('m1', 11), aNode('m2', 12), aNode('m3', 13)];

const withEtcd = (size: number | undefined) =>
  aCluster({
    spec: aSpec({
      pools: [
        { name: 'control-plane', roles: ['etcd', 'control-plane'], size },
        { name: 'workers', roles: ['worker'] },
      ],
    }),
  });

test.each([1, 3, 5])('etcd-count: %i members pass', (size) => {
  expect(judged([], { cluster: withEtcd(size) })).toEqual([]);
});

test.each([
  [2, '2 etcd members, which survive the loss of 0, as 1 do'],
  [4, '4 etcd members, which survive the loss of 1, as 3 do'],
  [undefined, 'no etcd member'],
])('etcd-count: a pool of %s is an error of the cluster', (size, found) => {
  expect(judged([], { cluster: withEtcd(size) })).toEqual([
    `lab error [etcd-count] found ${found}, needed an odd number; set the size of the etcd pool to 1, 3 or 5`,
  ]);
});

const withRanges = (pods: string, services: string) =>
  aCluster({ spec: aSpec({ network: { pods, services } }) });

test('ranges: those of pods and services must not meet', () => {
  expect(judged([], { cluster: withRanges('10.0.0.0/16', '10.1.0.0/16') })).toEqual([]);
  expect(judged([], { cluster: withRanges('10.96.0.0/16', '10.96.128.0/20') })).toEqual([
    'lab error [ranges] found pods 10.96.0.0/16 and services 10.96.128.0/20 overlap, needed ranges that do not meet; change network.pods or network.services',
  ]);
});

const also = (...addresses: readonly Partial<AddressFact>[]): Partial<NodeFacts> => ({
  addresses: [
    { interface: 'eth0', address: '192.168.7.21', prefix: 24, family: 'ipv4' },
    ...addresses.map((address) => ({
      interface: 'eth1',
      address: '10.200.3.4',
      prefix: 24,
      family: 'ipv4' as const,
      ...address,
    })),
  ],
});
const worker = (facts: Partial<NodeFacts>) => aNode('w1', 21, { pool: 'workers', facts });

test('ranges: no address of a host lies in one of them', () => {
  expect(judged([worker(also({}, { address: '10.96.0.10' }))])).toEqual([
    'w1 error [ranges] found address 10.200.3.4 lies in the pods range 10.200.0.0/16, needed cluster ranges apart from the hosts’ networks; change network.pods in the spec',
    'w1 error [ranges] found address 10.96.0.10 lies in the services range 10.96.0.0/12, needed cluster ranges apart from the hosts’ networks; change network.services in the spec',
  ]);
});

test('ranges: interfaces that a cluster made itself do not count', () => {
  expect(judged([worker(also({ interface: 'flannel.1' }, { interface: 'cni0' }))])).toEqual([]);
});

const clone = (name: string, number: number, facts: Partial<NodeFacts>) =>
  aNode(name, number, { pool: 'workers', facts });

test.each([
  ['unique-hostname', 'hostname', { hostname: 'm1' }, 'm1'],
  ['unique-machine-id', 'machine-id', { machineId: 'machine-m1' }, 'machine-m1'],
  ['unique-product-uuid', 'product uuid', { productUuid: 'uuid-m1' }, 'uuid-m1'],
  [
    'unique-address',
    'address',
    { addresses: [{ interface: 'eth0', address: '192.168.7.11', prefix: 24, family: 'ipv4' }] },
    '192.168.7.11',
  ],
] as const)(
  '%s: the one that joined later is named with the one before it',
  (check, what, facts, same) => {
    expect(judged([...masters, clone('w1', 21, facts)])).toEqual([
      `w1 error [${check}] found the same ${what} as m1 (${same}), needed a ${what} of its own; if w1 is a clone, give it a new ${what} and join it again`,
    ]);
  },
);

test('of three that are the same two are named', () => {
  const facts = { machineId: 'machine-m1' };
  const faults = judged([...masters, clone('w1', 21, facts), clone('w2', 22, facts)]);
  expect(faults.map((fault) => fault.split(',')[0])).toEqual([
    'w1 error [unique-machine-id] found the same machine-id as m1 (machine-m1)',
    'w2 error [unique-machine-id] found the same machine-id as m1 (machine-m1)',
  ]);
});

test('what the agents could not read makes no two hosts the same', () => {
  const facts = { machineId: 'unknown', productUuid: 'unknown' } as const;
  expect(judged([clone('w1', 21, facts), clone('w2', 22, facts)])).toEqual([]);
});

test('artifacts: each one that is locked and not fetched is named, for every host that needs it', () => {
  const nodes = [aNode('m1', 11), aNode('w1', 21, { pool: 'workers' })];
  const missing = (node: string, name: string): string =>
    `${node} error [artifacts] found ${name} 1.0.0 is not in the coordinator’s store, needed ${name} for amd64; run \`coordinator artifacts pull\``;
  expect(judged(nodes, { lacking: ['kubelet', 'etcd'] })).toEqual([
    missing('m1', 'etcd'),
    missing('m1', 'kubelet'),
    missing('w1', 'kubelet'),
  ]);
});

test('artifacts: what the coordinator is fetching is no fault', () => {
  const nodes = [aNode('m1', 11)];
  expect(judged(nodes, { lacking: ['kubelet', 'etcd'], pulling: true })).toEqual([]);
});

test('artifacts: one that the lock does not have for this architecture is named as that', () => {
  const lock = aLock();
  const artifacts = lock.artifacts.flatMap((artifact) =>
    artifact.name === 'runc' ? [artifact] : [artifact, { ...artifact, arch: 'arm64' }],
  );
  const nodes = [worker({ architecture: 'aarch64' })];
  expect(judged(nodes, { cluster: aCluster({ lock: { ...lock, artifacts } }) })).toEqual([
    'w1 error [artifacts] found the lock has no runc for arm64, needed runc for arm64; run `coordinator artifacts lock` and apply again',
  ]);
});

test('artifacts: the image of the smoke test stops no install', () => {
  expect(judged(masters, { lacking: ['image-agnhost'] })).toEqual([]);
});
