import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import {
  controlPlaneEndpoint,
  type NodeOptions,
  renderInitConfig,
  renderJoinConfig,
} from '../../../../coordinator/render/kubeadm-config.ts';
import { aSpec } from '../../../support/cluster-builders.ts';

const etcdAt = (name: string, address: string) => ({
  name,
  clientUrl: `https://${address}:2379`,
  peerUrl: `https://${address}:2380`,
});

interface Pool {
  readonly roles?: readonly string[];
  readonly taints?: readonly object[];
}

function aHost(pool: Pool = {}, labels: Readonly<Record<string, string>> = {}): NodeOptions {
  const roles = pool.roles ?? ['etcd', 'control-plane'];
  const spec = aSpec({ pools: [{ name: 'pool', size: 1, ...pool, roles }] });
  return { name: 'h1', address: '192.168.7.11', pool: spec.pools[0]!, labels };
}

/** The documents of init.yaml by their kind. */
function initOf(
  change: object = {},
  masters = ['192.168.7.11'],
): Readonly<Record<string, unknown>> {
  const text = renderInitConfig({
    cluster: 'lab',
    spec: aSpec(change),
    node: aHost(),
    masterAddresses: masters,
    etcd: masters.map((address, index) => etcdAt(`m${index + 1}`, address)),
  });
  const documents = parseAllDocuments(text).map((document) => document.toJS() as { kind: string });
  return Object.fromEntries(documents.map((document) => [document.kind, document]));
}

const joinOf = (node: NodeOptions, controlPlane: boolean): unknown =>
  parse(renderJoinConfig(node, controlPlane));

test('has the four documents that kubeadm reads, in the versions it reads', () => {
  expect(initOf()).toMatchObject({
    InitConfiguration: { apiVersion: 'kubeadm.k8s.io/v1beta4' },
    ClusterConfiguration: { apiVersion: 'kubeadm.k8s.io/v1beta4' },
    KubeletConfiguration: { apiVersion: 'kubelet.config.k8s.io/v1beta1' },
    KubeProxyConfiguration: { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1' },
  });
});

test('names the cluster, its version and its networks', () => {
  const network = { pods: '10.32.0.0/16', services: '10.64.0.0/16', domain: 'example.internal' };
  expect(initOf({ network })['ClusterConfiguration']).toMatchObject({
    clusterName: 'lab',
    kubernetesVersion: 'v1.37.1',
    networking: {
      podSubnet: '10.32.0.0/16',
      serviceSubnet: '10.64.0.0/16',
      dnsDomain: 'example.internal',
    },
  });
});

test('nodes reach the API through the proxy of their own host by default', () => {
  expect(controlPlaneEndpoint(aSpec())).toBe('127.0.0.1:9443');
  expect(initOf()['ClusterConfiguration']).toMatchObject({
    controlPlaneEndpoint: '127.0.0.1:9443',
    apiServer: { certSANs: ['127.0.0.1', 'localhost', '192.168.7.11'] },
  });
});

test('nodes reach the API through the operator’s balancer when there is one', () => {
  const controlPlane = { endpoint: { address: 'vip.example.org:8443' } };
  expect(controlPlaneEndpoint(aSpec({ controlPlane }))).toBe('vip.example.org:8443');
  expect(initOf({ controlPlane })['ClusterConfiguration']).toMatchObject({
    controlPlaneEndpoint: 'vip.example.org:8443',
    apiServer: { certSANs: ['127.0.0.1', 'localhost', 'vip.example.org', '192.168.7.11'] },
  });
});

test('an API server’s certificate is good for every master and every name of the spec, each once', () => {
  const controlPlane = { certSANs: ['api.example.org', '192.168.7.12', 'localhost'] };
  const masters = ['192.168.7.11', '192.168.7.12', '192.168.7.13'];
  expect(initOf({ controlPlane }, masters)['ClusterConfiguration']).toMatchObject({
    apiServer: { certSANs: ['127.0.0.1', 'localhost', ...masters, 'api.example.org'] },
  });
});

test('extra arguments reach the component they are for, and no other', () => {
  const controlPlane = {
    apiServer: { extraArgs: { 'audit-log-maxage': '30', v: '3' } },
    scheduler: { extraArgs: { v: '2' } },
  };
  expect(initOf({ controlPlane })['ClusterConfiguration']).toMatchObject({
    apiServer: {
      extraArgs: [
        { name: 'shutdown-watch-termination-grace-period', value: '10s' },
        { name: 'audit-log-maxage', value: '30' },
        { name: 'v', value: '3' },
      ],
    },
    controllerManager: { extraArgs: [] },
    scheduler: { extraArgs: [{ name: 'v', value: '2' }] },
  });
});

test('an API server ends its watches when it stops, in the time that the operator says', () => {
  const name = 'shutdown-watch-termination-grace-period';
  const argsOf = (extraArgs: Readonly<Record<string, string>>) =>
    initOf({ controlPlane: { apiServer: { extraArgs } } })['ClusterConfiguration'];
  expect(argsOf({})).toMatchObject({ apiServer: { extraArgs: [{ name, value: '10s' }] } });
  expect(argsOf({ [name]: '3s' })).toMatchObject({
    apiServer: { extraArgs: [{ name, value: '3s' }] },
  });
});

test('the API server talks to every etcd member, with its own client certificate', () => {
  const masters = ['192.168.7.11', '192.168.7.12', '192.168.7.13'];
  expect(initOf({}, masters)['ClusterConfiguration']).toMatchObject({
    etcd: {
      external: {
        endpoints: masters.map((address) => `https://${address}:2379`),
        caFile: '/etc/kubernetes/pki/etcd/ca.crt',
        certFile: '/etc/kubernetes/pki/apiserver-etcd-client.crt',
        keyFile: '/etc/kubernetes/pki/apiserver-etcd-client.key',
      },
    },
  });
});

test('kubelet settings of the cluster win over those that come with Muster', () => {
  expect(initOf()['KubeletConfiguration']).toMatchObject({
    failSwapOn: true,
    failCgroupV1: false,
    rotateCertificates: true,
  });
  expect(
    initOf({ kubelet: { maxPods: 50, failSwapOn: false } })['KubeletConfiguration'],
  ).toMatchObject({ maxPods: 50, failSwapOn: false, rotateCertificates: true });
});

test.each(['nftables', 'iptables', 'ipvs'])(
  'kube-proxy runs in %s mode, with its settings',
  (mode) => {
    const change = { network: { proxyMode: mode }, kubeProxy: { conntrack: { maxPerCore: 0 } } };
    expect(initOf(change)['KubeProxyConfiguration']).toMatchObject({
      mode,
      conntrack: { maxPerCore: 0 },
    });
  },
);

test('the token that kubeadm insists on lives for a minute and may do nothing', () => {
  expect(initOf()['InitConfiguration']).toMatchObject({
    bootstrapTokens: [{ ttl: '1m0s', groups: ['system:bootstrappers:muster:nobody'] }],
  });
});

const masterTaint = {
  key: 'node-role.kubernetes.io/control-plane',
  value: '',
  effect: 'NoSchedule',
};
const ownTaint = { key: 'dedicated', value: 'batch', effect: 'NoExecute' };

test('a master keeps pods away with its taint, and has the taints of its pool besides', () => {
  expect(joinOf(aHost(), true)).toMatchObject({ nodeRegistration: { taints: [masterTaint] } });
  expect(joinOf(aHost({ taints: [ownTaint] }), true)).toMatchObject({
    nodeRegistration: { taints: [masterTaint, ownTaint] },
  });
});

test('a master that is a worker too takes pods', () => {
  const roles = ['etcd', 'control-plane', 'worker'];
  expect(joinOf(aHost({ roles }), true)).toMatchObject({ nodeRegistration: { taints: [] } });
});

test('a worker has the taints of its pool and no other', () => {
  expect(joinOf(aHost({ roles: ['worker'] }), false)).toMatchObject({
    nodeRegistration: { taints: [] },
  });
  expect(joinOf(aHost({ roles: ['worker'], taints: [ownTaint] }), false)).toMatchObject({
    nodeRegistration: { taints: [ownTaint] },
  });
});

test('a host registers with its name, its address and its labels', () => {
  expect(joinOf(aHost({}, { tier: 'general', disk: 'fast' }), false)).toMatchObject({
    nodeRegistration: {
      name: 'h1',
      criSocket: 'unix:///run/containerd/containerd.sock',
      kubeletExtraArgs: [
        { name: 'node-ip', value: '192.168.7.11' },
        { name: 'node-labels', value: 'tier=general,disk=fast' },
      ],
    },
  });
});

test('a host without labels does not set them', () => {
  expect(joinOf(aHost(), false)).toMatchObject({
    nodeRegistration: { kubeletExtraArgs: [{ name: 'node-ip', value: '192.168.7.11' }] },
  });
});

test('a joining master announces its own API server; a worker has none', () => {
  expect(joinOf(aHost(), true)).toMatchObject({
    kind: 'JoinConfiguration',
    controlPlane: { localAPIEndpoint: { advertiseAddress: '192.168.7.11' } },
  });
  expect(joinOf(aHost({ roles: ['worker'] }), false)).not.toHaveProperty('controlPlane');
});

test('a joining host finds the cluster by the file that was unsealed, and by no token', () => {
  expect(joinOf(aHost(), true)).toMatchObject({
    discovery: { file: { kubeConfigPath: '/etc/kubernetes/muster-discovery.conf' } },
  });
  expect(renderJoinConfig(aHost(), true)).not.toMatch(/token/i);
});
