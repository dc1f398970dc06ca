// The configuration documents that kubeadm's phases read. v1beta4. Nothing secret is in them: join
// credentials come as a sealed discovery file beside.
import { stringify } from 'yaml';
import { checked } from '../../shared/alphabets.ts';
import type { EtcdEndpoint } from '../../shared/model/step.ts';
import type { ClusterSpec, PoolSpec } from '../spec/cluster-spec.ts';
import { etcdClientPaths, PROXY_PORT, paths } from './paths.ts';

const api = 'kubeadm.k8s.io/v1beta4';

export interface NodeOptions {
  readonly name: string;
  readonly address: string;
  readonly pool: PoolSpec;
  readonly labels: Readonly<Record<string, string>>;
}

export interface InitOptions {
  readonly cluster: string;
  readonly spec: ClusterSpec;
  readonly node: NodeOptions;
  readonly masterAddresses: readonly string[];
  readonly etcd: readonly EtcdEndpoint[];
}

/**
 * An API server that stops ends its watches. Without this it waits for them, none of which ever ends by
 * itself, until the kubelet kills it after its 30 s of grace: 25 s in which the host has none.
 */
const calmStop = { 'shutdown-watch-termination-grace-period': '10s' };

/** The endpoint nodes use: the proxy on each of them, or the operator's own balancer. */
export function controlPlaneEndpoint(spec: ClusterSpec): string {
  const endpoint = spec.controlPlane.endpoint;
  if (endpoint === 'local-proxy') return `127.0.0.1:${PROXY_PORT}`;
  return checked('hostPort', endpoint.address, 'controlPlane.endpoint.address');
}

/** Everything of one host and of the cluster: what a first master starts with, and any is changed by. */
export function renderInitConfig(options: InitOptions): string {
  const { node } = options;
  checkNode(node);
  const { cluster, kubelet, proxy } = clusterDocuments(options);
  const init = {
    apiVersion: api,
    kind: 'InitConfiguration',
    // kubeadm insists on making one token. Hosts never use it: it lives for a minute, in a group that
    // has no rights, and not in the one whose requests for kubelets' certificates are all signed.
    bootstrapTokens: [{ ttl: '1m0s', groups: ['system:bootstrappers:muster:nobody'] }],
    localAPIEndpoint: { advertiseAddress: node.address },
    nodeRegistration: registration(node),
  };
  return [init, cluster, kubelet, proxy].map((document) => stringify(document)).join('---\n');
}

/** The documents that are the cluster's, the same on every master. @throws AppError invalid */
export function clusterDocuments(options: InitOptions): {
  readonly cluster: object;
  readonly kubelet: object;
  readonly proxy: object;
} {
  const { spec } = options;
  checkCluster(options);
  const endpoint = controlPlaneEndpoint(spec);
  const sans = ['127.0.0.1', 'localhost', endpoint.replace(/:\d+$/, '')];
  return {
    cluster: {
      apiVersion: api,
      kind: 'ClusterConfiguration',
      clusterName: options.cluster,
      kubernetesVersion: spec.kubernetes.version,
      controlPlaneEndpoint: endpoint,
      apiServer: {
        certSANs: [
          ...new Set([...sans, ...options.masterAddresses, ...spec.controlPlane.certSANs]),
        ],
        extraArgs: argumentList({ ...calmStop, ...spec.controlPlane.apiServer.extraArgs }),
      },
      controllerManager: { extraArgs: argumentList(spec.controlPlane.controllerManager.extraArgs) },
      scheduler: { extraArgs: argumentList(spec.controlPlane.scheduler.extraArgs) },
      networking: {
        dnsDomain: spec.network.domain,
        podSubnet: spec.network.pods,
        serviceSubnet: spec.network.services,
      },
      etcd: {
        external: {
          endpoints: options.etcd.map((member) => member.clientUrl),
          caFile: etcdClientPaths.caPath,
          certFile: etcdClientPaths.certificatePath,
          keyFile: etcdClientPaths.keyPath,
        },
      },
    },
    kubelet: {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      failSwapOn: true,
      // A host of cgroup v1 must also be able to read the cluster's copy; its own file says the driver.
      failCgroupV1: false,
      rotateCertificates: true,
      ...spec.kubelet,
    },
    proxy: {
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: spec.network.proxyMode,
      ...spec.kubeProxy,
    },
  };
}

export function renderJoinConfig(node: NodeOptions, controlPlane: boolean): string {
  checkNode(node);
  return stringify({
    apiVersion: api,
    kind: 'JoinConfiguration',
    discovery: { file: { kubeConfigPath: paths.discovery } },
    nodeRegistration: registration(node),
    ...(controlPlane
      ? { controlPlane: { localAPIEndpoint: { advertiseAddress: node.address } } }
      : {}),
  });
}

function registration(node: NodeOptions): object {
  const isMaster = node.pool.roles.includes('control-plane');
  const isWorker = node.pool.roles.includes('worker');
  const masterTaint = {
    key: 'node-role.kubernetes.io/control-plane',
    value: '',
    effect: 'NoSchedule',
  };
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`);
  return {
    name: node.name,
    criSocket: paths.containerdSocket,
    taints: [...(isMaster && !isWorker ? [masterTaint] : []), ...node.pool.taints],
    ignorePreflightErrors: ['SystemVerification'],
    kubeletExtraArgs: [
      { name: 'node-ip', value: node.address },
      ...(labels.length > 0 ? [{ name: 'node-labels', value: labels.join(',') }] : []),
    ],
  };
}

function argumentList(args: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(args).map(([name, value]) => ({ name, value }));
}

function checkCluster({ cluster, spec, masterAddresses, etcd, node }: InitOptions): void {
  const { network, controlPlane, kubernetes } = spec;
  checked('identifier', cluster, 'name of the cluster');
  checked('version', kubernetes.version, 'kubernetes.version');
  checked('dnsName', network.domain, 'network.domain');
  checked('ipv4Range', network.pods, 'network.pods');
  checked('ipv4Range', network.services, 'network.services');
  for (const address of masterAddresses) {
    checked('address', address, `configuration of ${node.name}: address of a control-plane host`);
  }
  for (const name of controlPlane.certSANs) {
    checked('certificateName', name, 'controlPlane.certSANs');
  }
  for (const { name, clientUrl } of etcd) {
    checked('url', clientUrl, `etcd member ${checked('nodeName', name, 'name of an etcd member')}`);
  }
}

function checkNode({ name, address, labels, pool }: NodeOptions): void {
  const where = `node ${checked('nodeName', name, 'name of a node')}`;
  checked('address', address, `${where}: address`);
  for (const [label, value] of Object.entries(labels)) {
    checked('labelValue', value, `${where}: label ${checked('labelName', label, where)}`);
  }
  for (const { key, value } of pool.taints) {
    checked('labelValue', value, `${where}: taint ${checked('labelName', key, where)}`);
  }
}
