import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatFault, parseSpec } from '../../../../coordinator/spec/parse-spec.ts';

const head = `apiVersion: muster/v1
kind: Cluster
metadata: {name: lab}
spec:
  kubernetes: {version: v1.37.1}
`;
const pools = `  pools:
    - {name: control-plane, roles: [etcd, control-plane], size: 3}
    - {name: workers, roles: [worker]}
`;

function faultsOf(text: string): string[] {
  const parsed = parseSpec(text);
  return parsed.kind === 'ok' ? [] : parsed.faults.map((fault) => formatFault('c.yaml', fault));
}

/** The faults of a spec that is right but for `change`, which begins on line 6. */
const faultsWith = (change: string, rest = pools): string[] => faultsOf(`${head}${change}${rest}`);

test('takes a spec and fills in the defaults', () => {
  const parsed = parseSpec(head + pools);
  expect(parsed).toMatchObject({
    kind: 'ok',
    name: 'lab',
    spec: {
      network: { plugin: 'flannel', pods: '10.200.0.0/16', proxyMode: 'nftables' },
      etcd: { placement: 'control-plane' },
      pools: [{ name: 'control-plane', size: 3, autoJoin: true }, { name: 'workers' }],
      rollout: { maxUnavailable: '10%' },
    },
  });
});

test('every example is a spec', () => {
  const folder = join(import.meta.dirname, '../../../../examples');
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  expect(files).toContain('ha.yaml');
  for (const file of files) expect(faultsOf(readFileSync(join(folder, file), 'utf8'))).toEqual([]);
});

test('reports every fault at once, in the order of the file, with line and column', () => {
  const text = `apiVersion: muster/v2
kind: Cluster
metadata: {name: Lab}
spec:
  kubernetes: {version: 1.37}
  netwrok: {pods: 10.0.0.0/8}
  network: {pods: 10.200.0.0/33, proxyMode: nftable}
  controlPlane: {endpoint: {addres: x}}
  pools:
    - {name: a, roles: [etcd, control-plane], size: 2}
    - {name: a, roles: [worker], nodeAddress: {range: 10.96.0.0/16}}
  artifacts: {source: directory}
`;
  expect(faultsOf(text)).toEqual([
    'c.yaml:1:1: apiVersion: expected "muster/v1", found "muster/v2"',
    'c.yaml:3:12: metadata.name: "Lab" is not right: expected lower-case letters, digits and dashes, at most 40',
    'c.yaml:5:16: spec.kubernetes.version: expected text, found 1.37; put it in quotes',
    'c.yaml:6:3: spec.netwrok: unknown field "netwrok"; the nearest known one is "network"',
    'c.yaml:7:13: spec.network.pods: "10.200.0.0/33" is not right: expected an IPv4 range such as 10.200.0.0/16',
    'c.yaml:7:34: spec.network.proxyMode: expected one of "nftables", "iptables", "ipvs", found "nftable"; did you mean "nftables"?',
    'c.yaml:8:18: spec.controlPlane.endpoint.address: is required: text',
    'c.yaml:8:29: spec.controlPlane.endpoint.addres: unknown field "addres"; the nearest known one is "address"',
    'c.yaml:10:47: spec.pools[0].size: 2 etcd members, which survive the loss of 0, as 1 do: an odd number is needed',
    'c.yaml:11:8: spec.pools[1].name: pool "a" is there already, as pools[0]: names are unique',
    'c.yaml:11:48: spec.pools[1].nodeAddress.range: 10.96.0.0/16 overlaps network.services (10.96.0.0/12): they must be apart',
    'c.yaml:12:3: spec.artifacts.directory: source: directory needs a directory, an absolute path on the coordinator',
  ]);
});

test('with unknown fields taken away the rest is still checked for contradictions', () => {
  const faults = faultsWith('  netwrok: {}\n  network: {pods: 10.96.0.0/16}\n');
  expect(faults).toEqual([
    'c.yaml:6:3: spec.netwrok: unknown field "netwrok"; the nearest known one is "network"',
    'c.yaml:7:3: spec.network.services: 10.96.0.0/12 overlaps network.pods (10.96.0.0/16): they must be apart',
  ]);
});

test('an unknown field far from any known one lists what is known', () => {
  expect(faultsWith('  runtime: {engine: docker}\n')).toEqual([
    'c.yaml:6:13: spec.runtime.engine: unknown field "engine"; known here: name',
  ]);
});

test.each([
  ['nothing', '', 'c.yaml:1:1: the file is empty: a cluster is wanted'],
  ['only a comment', '# later\n', 'c.yaml:1:1: the file is empty: a cluster is wanted'],
  ['a word', 'hello', 'c.yaml:1:1: expected a map of fields, found "hello"'],
  ['broken YAML', 'a: [1,\nb', /^c\.yaml:\d+:\d+: not YAML: /],
  [
    'a key twice',
    `${head}  etcd: {}\n  etcd: {}\n${pools}`,
    /^c\.yaml:7:3: not YAML: Map keys must be unique/,
  ],
  [
    'two documents',
    `${head}${pools}---\na: 1\n`,
    'c.yaml:9:1: a second document: one file holds one cluster',
  ],
])('refuses %s', (_what, text, expected) => {
  const faults = faultsOf(text);
  if (typeof expected === 'string') expect(faults).toEqual([expected]);
  else expect(faults[0]).toMatch(expected);
});

test.each([
  [
    'network',
    '  network: {pods: 10.200.1.0/16}\n',
    '10.200.1.0/16 has bits set below its prefix: write 10.200.0.0/16',
  ],
  ['a tiny pod range', '  network: {pods: 10.200.0.0/25}\n', 'every node takes a /24 of it'],
  [
    'a huge service range',
    '  network: {pods: 192.168.0.0/16, services: 10.0.0.0/8}\n',
    'a service range of /12 to /28',
  ],
  ['a loopback range', '  network: {pods: 127.0.0.0/16}\n', 'overlaps 127.0.0.0/8 (loopback)'],
  [
    'a derived kubelet setting',
    '  kubelet: {clusterDomain: x}\n',
    '"clusterDomain" follows from network.domain',
  ],
  [
    'a derived proxy setting',
    '  kubeProxy: {mode: ipvs}\n',
    '"mode" follows from network.proxyMode',
  ],
  ['source directory without one', '  artifacts: {source: directory}\n', 'needs a directory'],
  [
    'a directory that is not used',
    '  artifacts: {directory: /x}\n',
    'contradicts source: official',
  ],
  ['a relative directory', '  artifacts: {source: directory, directory: x}\n', 'is relative'],
  [
    'an endpoint without port',
    '  controlPlane: {endpoint: {address: vip}}\n',
    'expected HOST:PORT',
  ],
  ['a bad host address', '  hosts: {h1: {nodeAddress: 10.0.0.999}}\n', 'expected an IPv4 address'],
  [
    'etcd in no pool',
    '  etcd: {placement: {pool: nowhere}}\n',
    'there is no pool "nowhere"; there are: control-plane, workers',
  ],
  [
    'etcd among workers',
    '  etcd: {placement: {pool: workers}}\n',
    'pool "workers" lacks the role etcd',
  ],
  [
    'a mode without quotes',
    '  host: {files: [{path: /a, content: b, mode: 0644}]}\n',
    'expected text, found 644; put it in quotes',
  ],
])('says what is wrong with %s', (_what, change, sentence) => {
  const faults = faultsWith(change);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(/^c\.yaml:6:\d+: spec\./);
  expect(faults[0]).toContain(sentence);
});

test.each([
  [
    'two pools of one name',
    '[{name: a, roles: [etcd, control-plane], size: 1}, {name: a, roles: [worker]}]',
    'names are unique',
  ],
  ['no control plane', '[{name: a, roles: [worker]}]', 'no pool has the role control-plane'],
  [
    'two control planes',
    '[{name: a, roles: [etcd, control-plane], size: 1}, {name: b, roles: [etcd, control-plane], size: 1}]',
    'only one may',
  ],
  ['no size', '[{name: a, roles: [etcd, control-plane]}]', 'needs a size'],
  [
    'an even etcd',
    '[{name: a, roles: [etcd, control-plane], size: 4}]',
    '4 etcd members, which survive the loss of 1, as 3 do',
  ],
  [
    'a working master',
    '[{name: a, roles: [etcd, control-plane, worker], size: 1}]',
    'worker and etcd, control-plane contradict',
  ],
  ['etcd nowhere', '[{name: a, roles: [control-plane], size: 1}]', 'lacks the role etcd'],
  [
    'a role twice',
    '[{name: a, roles: [etcd, control-plane, etcd], size: 1}]',
    'a role is named twice',
  ],
  [
    'a bad label',
    '[{name: a, roles: [etcd, control-plane], size: 1, labels: {"a b": c}}]',
    'expected the name of a label that Kubernetes takes',
  ],
  ['no pools', '[]', 'must not be empty'],
])('refuses pools with %s', (_what, list, sentence) => {
  const faults = faultsWith('', `  pools: ${list}\n`);
  expect(faults.join('\n')).toContain(sentence);
});

test.each([
  ['labels: {node-role.kubernetes.io/batch: ""}', 'roles are what roles of the pool say'],
  ['labels: {kubernetes.io/hostname: x}', 'every kubelet sets it itself'],
  ['labels: {node-restriction.kubernetes.io/a: b}', 'takes no such label from a kubelet'],
  ['labels: {k8s.io/a: b}', 'use a name of your own, such as example.org/NAME'],
  ['labels: {Example.org/a: b}', 'expected the name of a label that Kubernetes takes'],
  [
    'taints: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]',
    'masters get theirs from the roles of their pool',
  ],
  [
    'taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}]',
    'Kubernetes sets and removes it itself',
  ],
  [
    'taints: [{key: node.cloudprovider.kubernetes.io/uninitialized, effect: NoSchedule}]',
    'cloud providers set and remove it themselves',
  ],
  [
    'taints: [{key: a, effect: NoSchedule}, {key: a, value: b, effect: NoSchedule}]',
    'taint a:NoSchedule is there already, as taints[0]',
  ],
])('refuses %s with the reason', (gift, sentence) => {
  const faults = faultsWith(
    '',
    `  pools: [{name: a, roles: [etcd, control-plane], size: 1, ${gift}}]\n`,
  );
  expect(faults.join('\n')).toContain(sentence);
});

test.each([
  'node.kubernetes.io/exclude-from-external-load-balancers: "true"',
  'topology.kubernetes.io/zone: a',
  'example.org/disk: fast',
])('takes the label %s, as kubelets do', (label) => {
  const pool = `{name: a, roles: [etcd, control-plane], size: 1, labels: {${label}}}`;
  expect(faultsWith('', `  pools: [${pool}]\n`)).toEqual([]);
});

test('labels of one host are held to the same', () => {
  const pools = '  pools: [{name: a, roles: [etcd, control-plane], size: 1}]\n';
  const faults = faultsWith('  hosts: {w1: {labels: {kubernetes.io/os: x}}}\n', pools);
  expect(faults.join('\n')).toContain('every kubelet sets it itself');
});

test('etcd on hosts of its own is refused with the release it comes in', () => {
  const own =
    '  pools: [{name: e, roles: [etcd], size: 3}, {name: m, roles: [control-plane], size: 1}]\n';
  const faults = faultsWith('  etcd: {placement: {pool: e}}\n', own);
  expect(faults).toEqual([
    'c.yaml:6:10: spec.etcd.placement: etcd on hosts of its own comes with a later release: write placement: control-plane',
  ]);
});
