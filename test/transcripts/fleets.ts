// The fleets whose installs are told: three masters and two workers, and what differs from it by the
// number of masters, by proxy mode and by everything else a cluster.yaml can say.
import type { ClusterView, NodeView } from '../../coordinator/planner/view.ts';
import type { OperatorRequest } from '../../coordinator/store/records.ts';
import { aCluster, aLock, aNode, aSpec, aView, startMs } from '../support/cluster-builders.ts';

export interface Fleet {
  /** Of its folder of golden files. */
  readonly name: string;
  readonly title: string;
  readonly view: ClusterView;
}

export const threeMasters: readonly NodeView[] = [
  aNode('m1', 11),
  aNode('m2', 12),
  aNode('m3', 13),
];
export const twoWorkers: readonly NodeView[] = [
  aNode('w1', 21, { pool: 'workers' }),
  aNode('w2', 22, { pool: 'workers' }),
];

const controlPlanePool = (size: number) => ({
  name: 'control-plane',
  roles: ['etcd', 'control-plane'],
  size,
});

export const oneMasterSpec = aSpec({
  pools: [controlPlanePool(1), { name: 'workers', roles: ['worker'] }],
});

export const userCertificate: OperatorRequest = {
  kind: 'user-certificate',
  id: 'c0ffee',
  cluster: 'lab',
  csrPem: '-----BEGIN CERTIFICATE REQUEST-----\nQW5uYQ==\n-----END CERTIFICATE REQUEST-----\n',
  user: 'anna',
  ttlSeconds: 86_400,
  createdMs: startMs,
};
export const anotherSmokeTest: OperatorRequest = {
  kind: 'smoke-test',
  id: 'again',
  cluster: 'lab',
  createdMs: startMs,
};

const withProxyMode = (proxyMode: string): ClusterView =>
  aView([...threeMasters, ...twoWorkers], aCluster({ spec: aSpec({ network: { proxyMode } }) }));

/** One of each thing that cluster.yaml has a field for, and workers unlike each other. */
const everySettingSpec = aSpec({
  network: {
    pods: '10.32.0.0/16',
    services: '10.64.0.0/16',
    domain: 'example.internal',
    proxyMode: 'iptables',
  },
  controlPlane: {
    endpoint: { address: 'vip.example.org:8443' },
    certSANs: ['api.example.org', '203.0.113.7'],
    apiServer: { extraArgs: { 'audit-log-maxage': '30' } },
    controllerManager: { extraArgs: { 'node-monitor-grace-period': '20s' } },
    scheduler: { extraArgs: { v: '2' } },
  },
  pools: [
    {
      ...controlPlanePool(3),
      labels: { tier: 'control' },
      taints: [{ key: 'dedicated', value: 'control', effect: 'NoExecute' }],
    },
    {
      name: 'workers',
      roles: ['worker'],
      labels: { tier: 'general' },
      taints: [{ key: 'dedicated', value: 'batch', effect: 'NoSchedule' }],
      kubelet: { maxPods: 50 },
      nodeAddress: { interface: 'eth1' },
    },
    { name: 'old', roles: ['worker'], nodeAddress: { range: '192.168.7.0/24' } },
  ],
  kubelet: { maxPods: 120, evictionHard: { 'memory.available': '200Mi' } },
  kubeProxy: { conntrack: { maxPerCore: 0 } },
  host: {
    swap: 'off',
    sysctls: { 'vm.max_map_count': '262144', 'kernel.panic': '30' },
    modules: ['nbd'],
    files: [
      { path: '/etc/motd', content: 'Muster takes care of this host.\n' },
      { path: '/etc/cron.d/scrub', content: '@weekly root scrub\n', mode: '0600' },
    ],
  },
  hosts: { w1: { labels: { disk: 'fast' } } },
});

function everySetting(): ClusterView {
  const secondCard = [
    { interface: 'eth0', address: '192.168.7.21', prefix: 24, family: 'ipv4' },
    { interface: 'eth1', address: '192.168.8.21', prefix: 24, family: 'ipv4' },
  ] as const;
  const lock = aLock();
  const forArm = lock.artifacts.map((artifact) => ({ ...artifact, arch: 'arm64' }));
  const nodes = [
    ...threeMasters,
    aNode('w1', 21, {
      pool: 'workers',
      facts: {
        addresses: secondCard,
        swap: { devices: ['/dev/sda2'], fstabLines: [], units: [] },
      },
    }),
    aNode('w2', 22, {
      pool: 'old',
      facts: {
        architecture: 'aarch64',
        cgroup: {
          version: 1,
          controllers: ['cpu', 'cpuset', 'memory', 'pids', 'devices', 'freezer'],
        },
      },
    }),
  ];
  const cluster = aCluster({
    spec: everySettingSpec,
    lock: { ...lock, artifacts: [...lock.artifacts, ...forArm] },
  });
  return aView(nodes, cluster);
}

/** The first is told whole; the others by where they differ from it. */
export const fleets: readonly Fleet[] = [
  {
    name: 'three-masters',
    title: 'three masters and two workers, kube-proxy in nftables mode',
    view: withProxyMode('nftables'),
  },
  {
    name: 'one-master',
    title: 'one master and one worker',
    view: aView([threeMasters[0]!, twoWorkers[0]!], aCluster({ spec: oneMasterSpec })),
  },
  {
    name: 'iptables',
    title: 'three masters and two workers, kube-proxy in iptables mode',
    view: withProxyMode('iptables'),
  },
  {
    name: 'ipvs',
    title: 'three masters and two workers, kube-proxy in ipvs mode',
    view: withProxyMode('ipvs'),
  },
  {
    name: 'every-setting',
    title: 'everything cluster.yaml can set, w1 with a second card, w2 an arm64 host of cgroup v1',
    view: everySetting(),
  },
];
