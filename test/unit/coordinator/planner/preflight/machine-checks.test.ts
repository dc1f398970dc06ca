import { expect, test } from 'vitest';
import type { NodeFacts } from '../../../../../shared/model/facts.ts';
import { aCluster, aSpec } from '../../../../support/cluster-builders.ts';
import { judgedMaster, judgedWorker, unreadable } from './judged.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

const withProxyMode = (proxyMode: string) => aCluster({ spec: aSpec({ network: { proxyMode } }) });
const kernelOf = (release: string): Partial<NodeFacts> => ({
  kernel: { release, config: 'found' },
});

test('a host that has everything passes', () => {
  expect(judgedMaster({})).toEqual([]);
  expect(judgedWorker({})).toEqual([]);
});

test.each([
  ['memory', 'the memory size', { memoryBytes: 'unknown' }],
  ['cpus', 'the number of CPUs', { cpus: 'unknown' }],
  ['disk', 'free disk space', { disks: 'unknown' }],
  ['kernel', 'the kernel version', { kernel: 'unknown' }],
  ['kernel-modules', 'the kernel modules', { modules: 'unknown' }],
  ['overlayfs', 'whether overlayfs is there', { overlayfs: 'unknown' }],
  ['cgroup', 'the cgroup hierarchy', { cgroup: 'unknown' }],
  ['tools', 'the installed tools', { tools: 'unknown' }],
] as const)(
  '%s: warns when the agent could not read it, and never passes it silently',
  (check, what, facts) => {
    expect(judgedMaster(facts)).toEqual([unreadable(check, what)]);
  },
);

test('memory: 1700 MiB are enough for a master and 900 MiB for a worker', () => {
  expect(judgedMaster({ memoryBytes: 1700 * MiB })).toEqual([]);
  expect(judgedWorker({ memoryBytes: 900 * MiB })).toEqual([]);
});

test('memory: one byte less is too little, and says how much is there', () => {
  expect(judgedMaster({ memoryBytes: 1700 * MiB - 1 })).toEqual([
    'm1 error [memory] found 1699 MiB of memory, needed 1700 MiB for pool control-plane; give the machine more memory or use another one',
  ]);
  expect(judgedWorker({ memoryBytes: 900 * MiB - 1 })).toEqual([
    'w1 error [memory] found 899 MiB of memory, needed 900 MiB for pool workers; give the machine more memory or use another one',
  ]);
});

test('cpus: a master needs two, a worker one', () => {
  expect(judgedMaster({ cpus: 2 })).toEqual([]);
  expect(judgedWorker({ cpus: 1 })).toEqual([]);
  expect(judgedMaster({ cpus: 1 })).toEqual([
    'm1 error [cpus] found 1 CPU, needed 2 CPUs on a control-plane host; give the machine a second CPU or use another one',
  ]);
});

const freeOn = (path: string, freeBytes: number): Partial<NodeFacts> => ({
  disks: [{ path, filesystem: 'ext4', totalBytes: 100 * GiB, freeBytes }],
});

test.each([
  ['/var/lib/containerd', 5],
  ['/var/lib/kubelet', 1],
  ['/usr/local', 1],
  ['/var/lib/muster-agent', 2],
  ['/var/lib/etcd', 4],
])('disk: %s needs %i GiB free on a master', (path, gibibytes) => {
  expect(judgedMaster(freeOn(path, gibibytes * GiB))).toEqual([]);
  expect(judgedMaster(freeOn(path, gibibytes * GiB - MiB))).toEqual([
    `m1 error [disk] found ${gibibytes * 1024 - 1} MiB free for ${path}, needed ${gibibytes * 1024} MiB; free space on the file system of ${path} or mount a larger one there`,
  ]);
});

test('disk: a host without etcd needs no room for it, and other file systems may be full', () => {
  expect(judgedWorker(freeOn('/var/lib/etcd', 0))).toEqual([]);
  expect(judgedMaster(freeOn('/home', 0))).toEqual([]);
});

test('kernel: 5.13 is enough for nftables and 4.19 for iptables and ipvs', () => {
  expect(judgedMaster(kernelOf('5.13.0-1-amd64'))).toEqual([]);
  expect(judgedMaster(kernelOf('4.19.0-21-amd64'), withProxyMode('iptables'))).toEqual([]);
  expect(judgedMaster(kernelOf('4.19'), withProxyMode('ipvs'))).toEqual([]);
});

test('kernel: an older one is named with what the proxy mode needs', () => {
  const mend = 'upgrade the kernel, or set network.proxyMode: iptables';
  expect(judgedMaster(kernelOf('5.10.0-30-amd64'))).toEqual([
    `m1 error [kernel] found kernel 5.10.0-30-amd64, needed 5.13.0 or newer for kube-proxy in nftables mode; ${mend}`,
  ]);
  expect(judgedMaster(kernelOf('4.18.0-553.el8'), withProxyMode('iptables'))).toEqual([
    `m1 error [kernel] found kernel 4.18.0-553.el8, needed 4.19.0 or newer for kube-proxy in iptables mode; ${mend}`,
  ]);
  expect(judgedMaster(kernelOf('custom'))).toEqual([
    `m1 error [kernel] found kernel custom, needed 5.13.0 or newer for kube-proxy in nftables mode; ${mend}`,
  ]);
});

const modulesOf = (states: Readonly<Record<string, string>>): Partial<NodeFacts> => ({
  modules: Object.entries(states).map(([name, state]) => ({
    name,
    state: state as 'loaded' | 'builtin' | 'loadable' | 'missing',
  })),
});
const missingModule = (name: string): string =>
  `m1 error [kernel-modules] found kernel module ${name} is neither built in nor loadable, needed ${name}; install the kernel’s extra modules (linux-modules-extra, kernel-modules) or use another kernel`;

test('kernel-modules: one that can be loaded is as good as one that is', () => {
  expect(judgedMaster(modulesOf({ overlay: 'loadable', vxlan: 'loaded' }))).toEqual([]);
});

test('kernel-modules: each that is missing is named', () => {
  expect(judgedMaster(modulesOf({ overlay: 'missing', vxlan: 'missing' }))).toEqual([
    missingModule('overlay'),
    missingModule('vxlan'),
  ]);
});

test('kernel-modules: those of ipvs are needed in ipvs mode alone', () => {
  const facts = modulesOf({ ip_vs: 'missing', ip_vs_rr: 'missing' });
  expect(judgedMaster(facts)).toEqual([]);
  expect(judgedMaster(facts, withProxyMode('iptables'))).toEqual([]);
  expect(judgedMaster(facts, withProxyMode('ipvs'))).toEqual([
    missingModule('ip_vs'),
    missingModule('ip_vs_rr'),
  ]);
});

test('overlayfs: has to be there', () => {
  expect(judgedMaster({ overlayfs: false })).toEqual([
    'm1 error [overlayfs] found no overlayfs, needed overlayfs; load or build in the overlay module',
  ]);
});

test('cgroup: v2 without a controller is an error that names it', () => {
  expect(judgedMaster({ cgroup: { version: 2, controllers: ['cpu', 'pids'] } })).toEqual([
    'm1 error [cgroup] found no cgroup controller cpuset, memory, needed cpu, cpuset, memory, pids; enable the controllers on the kernel command line (cgroup_enable=memory and the like)',
  ]);
});

test('cgroup: v1 is a warning, and needs two controllers more', () => {
  const old =
    'm1 warning [cgroup] found cgroup v1, needed cgroup v2 (Kubernetes is dropping v1; the kubelet is told to accept it); boot with systemd.unified_cgroup_hierarchy=1 when the host can';
  const controllers = ['cpu', 'cpuset', 'memory', 'pids', 'devices', 'freezer'];
  expect(judgedMaster({ cgroup: { version: 1, controllers } })).toEqual([old]);
  expect(judgedMaster({ cgroup: { version: 1, controllers: controllers.slice(0, 4) } })).toEqual([
    old,
    'm1 error [cgroup] found no cgroup controller devices, freezer, needed cpu, cpuset, memory, pids, devices, freezer; enable the controllers on the kernel command line (cgroup_enable=memory and the like)',
  ]);
});

const without = (...names: readonly string[]): Partial<NodeFacts> => ({
  tools: Object.fromEntries(names.map((name) => [name, null])),
});

test.each(['ip', 'iptables', 'mount', 'nsenter', 'systemctl'])(
  'tools: no host without %s',
  (name) => {
    expect(judgedMaster(without(name))).toEqual([
      `m1 error [tools] found no ${name} on PATH, needed ${name}; install the distribution’s package with ${name}`,
    ]);
  },
);

test.each(['ethtool', 'socat', 'tc', 'conntrack'])(
  'tools: a host without %s is warned of',
  (name) => {
    expect(judgedMaster(without(name))).toEqual([
      `m1 warning [tools] found no ${name} on PATH, needed ${name}; install the distribution’s package with ${name}`,
    ]);
  },
);

test('tools: one that the agent did not look for is not missing', () => {
  expect(judgedMaster({ tools: {} })).toEqual([]);
});

test('architecture: amd64 and arm64 as kernels call them, and nothing else', () => {
  const lock = aCluster().lock;
  const forArm = lock.artifacts.map((artifact) => ({ ...artifact, arch: 'arm64' }));
  const both = aCluster({ lock: { ...lock, artifacts: [...lock.artifacts, ...forArm] } });
  for (const architecture of ['x64', 'x86_64', 'aarch64', 'arm64']) {
    expect(judgedMaster({ architecture }, both)).toEqual([]);
  }
  expect(judgedMaster({ architecture: 'riscv64' })[0]).toBe(
    'm1 error [architecture] found riscv64, needed amd64 or arm64; use another machine',
  );
});

test('privileges: the agent has to be root', () => {
  expect(judgedMaster({ uid: 1000 })).toEqual([
    'm1 error [privileges] found agent runs as uid 1000, needed root; run the agent’s unit as root',
  ]);
});
