// Units and configurations that hosts get besides kubeadm's: what of a cluster and a host arrives.
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { HostInputs } from '../../../../coordinator/components/host/host-target.ts';
import { settings } from '../../../../coordinator/components/host/settings.ts';
import {
  renderApiProxyConfig,
  renderApiProxyUnit,
} from '../../../../coordinator/render/api-proxy.ts';
import {
  containerdUnit,
  renderContainerdConfig,
} from '../../../../coordinator/render/containerd.ts';
import { renderEtcdUnit } from '../../../../coordinator/render/etcd.ts';
import { sysctlsFor } from '../../../../coordinator/render/host-settings.ts';
import { kubeletUnit, renderKubeletDropIn } from '../../../../coordinator/render/kubelet.ts';
import type { ClusterSpec } from '../../../../coordinator/spec/cluster-spec.ts';
import { aSpec } from '../../../support/cluster-builders.ts';

/** What every host of a cluster loads. */
function modulesOf(spec: ClusterSpec): readonly string[] {
  const steps = settings.steps({ spec } as HostInputs).settings ?? [];
  return steps.flatMap((step) => (step.kind === 'load-kernel-modules' ? step.args.modules : []));
}

const addresses = ['192.168.7.11', '192.168.7.12', '192.168.7.13'];
const etcdMembers = (count: number) =>
  addresses.slice(0, count).map((address, index) => ({
    name: `m${index + 1}`,
    clientUrl: `https://${address}:2379`,
    peerUrl: `https://${address}:2380`,
  }));

/** The lines of a unit that begin with `key=`, without it. */
const valuesOf = (unit: string, key: string): readonly string[] =>
  unit
    .split('\n')
    .flatMap((line) => (line.startsWith(`${key}=`) ? line.slice(key.length + 1) : []));

test('the API proxy has every master behind it, and listens to its own host alone', () => {
  const lines = renderApiProxyConfig(addresses)
    .split('\n')
    .map((line) => line.trim());
  expect(lines.filter((line) => line.startsWith('server 1'))).toEqual(
    addresses.map((address) => `server ${address}:6443 max_fails=1 fail_timeout=2s;`),
  );
  expect(lines.filter((line) => line.startsWith('listen'))).toEqual(['listen 127.0.0.1:9443;']);
});

test('the API proxy does not prefer the API server that has just started, which refuses everybody', () => {
  expect(renderApiProxyConfig(addresses)).not.toContain('least_conn');
});

test('the API proxy of a single master has that one', () => {
  expect(renderApiProxyConfig(['192.168.7.11']).match(/:6443/g)).toHaveLength(1);
});

test('the API proxy runs the locked image, comes back whenever it ends, and needs no kubelet', () => {
  const unit = renderApiProxyUnit('docker.io/library/nginx:1.30.6-alpine');
  expect(valuesOf(unit, 'ExecStart').join('\n')).toContain('docker.io/library/nginx:1.30.6-alpine');
  expect(valuesOf(unit, 'Restart')).toEqual(['always']);
  // Its container outlives a restart of containerd, and so does the unit.
  expect(valuesOf(unit, 'Wants')).toEqual(['containerd.service']);
  expect(valuesOf(unit, 'Requires')).toEqual([]);
  expect(unit).not.toContain('kubelet');
});

test('containerd pins the sandbox image of the lock and has the cgroup driver of the host', () => {
  const config = (systemdCgroup: boolean): string =>
    renderContainerdConfig({ pauseImage: 'registry.k8s.io/pause:3.10.2', systemdCgroup });
  expect(config(true)).toContain('sandbox = "registry.k8s.io/pause:3.10.2"');
  expect(config(true)).toContain('SystemdCgroup = true');
  expect(config(false)).toContain('SystemdCgroup = false');
});

test('containers outlive a restart of containerd', () => {
  expect(valuesOf(containerdUnit, 'KillMode')).toEqual(['process']);
});

const flagsOf = (unit: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...unit.matchAll(/ --([a-z-]+)(?:=(\S+))?/g)].map(([, name, value]) => [
      name,
      value ?? 'true',
    ]),
  );
const etcdOf = (count: number): Readonly<Record<string, string>> =>
  flagsOf(
    renderEtcdUnit({
      name: 'm2',
      address: '192.168.7.12',
      members: etcdMembers(count),
      token: 'muster-lab',
    }),
  );

test('an etcd member knows itself, every other member and the token of its cluster', () => {
  expect(etcdOf(3)).toMatchObject({
    name: 'm2',
    'initial-cluster':
      'm1=https://192.168.7.11:2380,m2=https://192.168.7.12:2380,m3=https://192.168.7.13:2380',
    'initial-cluster-token': 'muster-lab',
    'initial-cluster-state': 'new',
  });
  expect(etcdOf(1)['initial-cluster']).toBe('m1=https://192.168.7.11:2380');
});

test('an etcd member listens to clients at its own address and locally, to peers at its address', () => {
  expect(etcdOf(3)).toMatchObject({
    'listen-client-urls': 'https://192.168.7.12:2379,https://127.0.0.1:2379',
    'advertise-client-urls': 'https://192.168.7.12:2379',
    'listen-peer-urls': 'https://192.168.7.12:2380',
    'initial-advertise-peer-urls': 'https://192.168.7.12:2380',
  });
});

test('etcd takes no one without a certificate, and has another authority for peers than for clients', () => {
  const flags = etcdOf(3);
  expect(flags).toMatchObject({
    'client-cert-auth': 'true',
    'peer-client-cert-auth': 'true',
    'strict-reconfig-check': 'true',
  });
  expect(flags['trusted-ca-file']).not.toBe(flags['peer-trusted-ca-file']);
});

test.each(['nftables', 'iptables'])('modules: those of every host in %s mode', (proxyMode) => {
  expect(modulesOf(aSpec({ network: { proxyMode } }))).toEqual([
    'overlay',
    'br_netfilter',
    'nf_conntrack',
    'vxlan',
  ]);
});

test('modules: ipvs needs its own besides', () => {
  const modules = modulesOf(aSpec({ network: { proxyMode: 'ipvs' } }));
  expect(modules).toEqual(expect.arrayContaining(['overlay', 'ip_vs', 'ip_vs_rr', 'ip_vs_sh']));
});

test('modules: the operator’s come after, each once', () => {
  expect(modulesOf(aSpec({ host: { modules: ['nbd', 'vxlan'] } }))).toEqual([
    'overlay',
    'br_netfilter',
    'nf_conntrack',
    'vxlan',
    'nbd',
  ]);
});

test('sysctls: the operator’s word wins over what Kubernetes needs', () => {
  const sysctls = { 'kernel.panic': '30', 'vm.max_map_count': '262144' };
  const values = sysctlsFor(aSpec({ host: { sysctls } }));
  expect(values).toMatchObject(sysctls);
  expect(values['net.ipv4.ip_forward']).toBe('1');
  expect(sysctlsFor(aSpec())['kernel.panic']).toBe('10');
});

test('the kubelet has the cgroup driver of its host, and is told to accept cgroup v1', () => {
  expect(parse(renderKubeletDropIn({ cgroupVersion: 2, settings: {} }))).toEqual({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    cgroupDriver: 'systemd',
  });
  expect(parse(renderKubeletDropIn({ cgroupVersion: 1, settings: {} }))).toMatchObject({
    cgroupDriver: 'cgroupfs',
    failCgroupV1: false,
  });
});

test('settings of the spec reach the kubelet of the host as they are', () => {
  const settings = { maxPods: 50, evictionHard: { 'memory.available': '200Mi' } };
  expect(parse(renderKubeletDropIn({ cgroupVersion: 2, settings }))).toMatchObject(settings);
});

test('the kubelet reads kubeadm’s configuration and then the host’s own files', () => {
  const [start = ''] = valuesOf(kubeletUnit, 'ExecStart');
  expect(start).toContain('--config=/var/lib/kubelet/config.yaml');
  expect(start).toContain('--config-dir=/etc/kubernetes/kubelet.conf.d');
  expect(valuesOf(kubeletUnit, 'StartLimitIntervalSec')).toEqual(['0']);
});
