// flannel with the vxlan backend: the manifest for the cluster and the CNI configuration for a host.
import { stringify } from 'yaml';
import { checked } from '../../shared/alphabets.ts';
import { PROXY_PORT } from './paths.ts';

const cni = {
  name: 'cbr0',
  cniVersion: '0.3.1',
  plugins: [
    { type: 'flannel', delegate: { hairpinMode: true, isDefaultGateway: true } },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

/** Laid down before containerd starts: containerd does not see a file renamed into place later. */
export const flannelCniConfig = `${JSON.stringify(cni, null, 2)}\n`;

export interface FlannelOptions {
  readonly image: string;
  readonly pods: string;
}

export function renderFlannelManifest(options: FlannelOptions): string {
  checked('imageReference', options.image, 'image of flannel');
  checked('ipv4Range', options.pods, 'network.pods');
  const meta = { name: 'flannel', namespace: 'kube-system' };
  const labels = { app: 'flannel' };
  const network = { Network: options.pods, EnableNFTables: true, Backend: { Type: 'vxlan' } };
  const field = (name: string, fieldPath: string) => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  });
  const container = {
    name: 'flannel',
    image: options.image,
    imagePullPolicy: 'IfNotPresent',
    command: ['/opt/bin/flanneld'],
    // The node's address decides the interface: with several, the default route may be the wrong one.
    args: [
      '--ip-masq',
      '--kube-subnet-mgr',
      '--iface=$(NODE_ADDRESS)',
      '--public-ip=$(NODE_ADDRESS)',
    ],
    securityContext: { privileged: true },
    resources: { requests: { cpu: '50m', memory: '50Mi' } },
    env: [
      field('POD_NAME', 'metadata.name'),
      field('POD_NAMESPACE', 'metadata.namespace'),
      field('NODE_ADDRESS', 'status.hostIP'),
      // The service address needs kube-proxy, which may start later: the local proxy is there.
      { name: 'KUBERNETES_SERVICE_HOST', value: '127.0.0.1' },
      { name: 'KUBERNETES_SERVICE_PORT', value: String(PROXY_PORT) },
    ],
    volumeMounts: [
      { name: 'run', mountPath: '/run/flannel' },
      { name: 'config', mountPath: '/etc/kube-flannel/' },
    ],
  };
  const documents = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'flannel' },
      rules: [
        { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
        { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'flannel' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'flannel' },
      subjects: [{ kind: 'ServiceAccount', ...meta }],
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: meta,
      data: { 'cni-conf.json': JSON.stringify(cni), 'net-conf.json': JSON.stringify(network) },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: meta,
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            hostNetwork: true,
            priorityClassName: 'system-node-critical',
            tolerations: [{ operator: 'Exists' }],
            serviceAccountName: 'flannel',
            containers: [container],
            volumes: [
              { name: 'run', hostPath: { path: '/run/flannel', type: 'DirectoryOrCreate' } },
              { name: 'config', configMap: { name: 'flannel' } },
            ],
          },
        },
      },
    },
  ];
  return documents.map((document) => stringify(document)).join('---\n');
}
