// What kubeadm keeps in a cluster that lives is made anew when the configuration is another, by whichever
// master, and left alone when it is not.
import { beforeEach, expect, test } from 'vitest';
import { at } from '../../../../agent/steps/kube-object.ts';
import { kubeadmPhase } from '../../../../agent/steps/kubeadm-phase.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { fakeContext, jumpingClock } from './fake-context.ts';

const configPath = '/etc/muster/kubeadm/init.yaml';
const configOf = (version: string, mode: string, node = 'm1'): string => `kind: InitConfiguration
nodeRegistration:
  name: ${node}
---
kind: ClusterConfiguration
kubernetesVersion: ${version}
---
kind: KubeletConfiguration
failSwapOn: true
---
kind: KubeProxyConfiguration
mode: ${mode}
`;

const addons = {
  command: 'init',
  phase: ['addon', 'all'],
  configPath,
  nodeName: 'm1',
} as const;
const system = '/api/v1/namespaces/kube-system';
const workloads = '/apis/apps/v1/namespaces/kube-system';
const proxyPods = `${workloads}/daemonsets/kube-proxy`;
const proxyConfig = `${system}/configmaps/kube-proxy`;
const made = '2026-11-21T23:59:44Z';
const later = '2026-11-22T08:00:00Z';

const pods = (image: string) => ({
  metadata: { creationTimestamp: made },
  spec: { template: { spec: { containers: [{ image }] } } },
});

let server: KubeApiServer;
/** Like kubeadm: replaces objects whole, keeps the dates of what it does not change. */
function aMaster(version: string, mode: string, node = 'm1') {
  const host = new FakeHost()
    .put(configPath, configOf(version, mode, node))
    .put('/etc/kubernetes/admin.conf', server.adminConfig)
    .answer('sync ', '')
    .answer('/usr/local/bin/kubeadm init phase addon all', () => {
      const { objects } = server;
      const before = objects.get(proxyConfig);
      const isSame = at(before, 'data', 'config.conf') === mode;
      const fields = [{ fieldsV1: { 'f:data': {} }, time: before === undefined ? made : later }];
      const metadata = isSame ? before?.metadata : { managedFields: fields };
      objects.set(proxyConfig, { data: { 'config.conf': mode }, metadata: metadata ?? {} });
      objects.set(proxyPods, pods(`kube-proxy:${version}`));
      objects.set(`${workloads}/deployments/coredns`, pods(`coredns:${version}`));
      objects.set(`${system}/services/kube-dns`, {});
      return '';
    });
  return { host, context: fakeContext(host, { clock: jumpingClock(Date.now()) }) };
}

beforeEach(async () => {
  server = await KubeApiServer.start();
  server.on(/(cluster)?rolebindings\//, { status: 200, body: {} });
  return async () => await server[Symbol.asyncDispose]();
});

async function install(): Promise<void> {
  const { context } = aMaster('v1.36.4', 'nftables');
  await kubeadmPhase.apply(addons, context);
  expect(await kubeadmPhase.check(addons, context)).toEqual({ kind: 'satisfied' });
}

const startedWith = (): unknown =>
  at(server.objects.get(proxyPods), 'spec', 'template', 'metadata', 'annotations');

test('an install starts no pod twice, and another master finds nothing to do', async () => {
  await install();
  expect(startedWith()).toBeUndefined();
  const { context } = aMaster('v1.36.4', 'nftables', 'm2');
  expect(await kubeadmPhase.check(addons, context)).toEqual({ kind: 'satisfied' });
});

test('another version is rolled out once, without a second start for a configuration that stayed', async () => {
  await install();
  const { host, context } = aMaster('v1.37.1', 'nftables', 'm2');
  expect(await kubeadmPhase.check(addons, context)).toMatchObject({
    why: 'Deployment coredns is not of this configuration',
  });
  await kubeadmPhase.apply(addons, context);
  expect(await kubeadmPhase.check(addons, context)).toEqual({ kind: 'satisfied' });
  expect(startedWith()).toBeUndefined();
  expect(host.changes).toHaveLength(1);
});

test('pods of kube-proxy are started again with a changed configuration', async () => {
  await install();
  const { context } = aMaster('v1.36.4', 'iptables');
  expect(await kubeadmPhase.check(addons, context)).toMatchObject({
    why: 'DaemonSet kube-proxy is not of this configuration',
  });
  await kubeadmPhase.apply(addons, context);
  const first = startedWith();
  expect(first).toEqual({ 'muster/started-with': expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(await kubeadmPhase.check(addons, context)).toEqual({ kind: 'satisfied' });

  const back = aMaster('v1.36.4', 'nftables');
  await kubeadmPhase.apply(addons, back.context);
  expect(startedWith()).not.toEqual(first);
  expect(await kubeadmPhase.check(addons, back.context)).toEqual({ kind: 'satisfied' });
});

test('a start that was cut off after kubeadm wrote the configuration is seen', async () => {
  await install();
  const { host, context } = aMaster('v1.36.4', 'iptables');
  await host.change(['/usr/local/bin/kubeadm', 'init', 'phase', 'addon', 'all'], {
    unit: 'cut',
    timeoutMs: 1,
  });
  expect(await kubeadmPhase.check(addons, context)).toMatchObject({ kind: 'needed' });
  await kubeadmPhase.apply(addons, context);
  expect(startedWith()).toBeDefined();
});

test.each([
  [
    'an image that somebody set',
    (): unknown => pods('coredns:mine'),
    `${workloads}/deployments/coredns`,
  ],
  [
    'a configuration that somebody edited',
    () => ({ data: { 'config.conf': 'edited' } }),
    proxyConfig,
  ],
  ['an object that somebody removed', () => undefined, proxyPods],
])('%s is put right', async (_what, object, path) => {
  await install();
  const wrong = object() as Parameters<typeof server.objects.set>[1] | undefined;
  if (wrong === undefined) server.objects.delete(path);
  else server.objects.set(path, wrong);
  const { context } = aMaster('v1.36.4', 'nftables');
  expect(await kubeadmPhase.check(addons, context)).toMatchObject({ kind: 'needed' });
  await kubeadmPhase.apply(addons, context);
  expect(await kubeadmPhase.check(addons, context)).toEqual({ kind: 'satisfied' });
});
