import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { flannelCniConfig, renderFlannelManifest } from '../../../../coordinator/render/flannel.ts';

interface KubeObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

const objects = parseAllDocuments(
  renderFlannelManifest({ image: 'ghcr.io/flannel-io/flannel:v0.28.4', pods: '10.32.0.0/16' }),
).map((document) => document.toJS() as KubeObject);
const object = (kind: string): KubeObject | undefined =>
  objects.find((entry) => entry.kind === kind);

test('has an account with its rights, a configuration and a pod on every node', () => {
  expect(objects.map(({ kind }) => kind)).toEqual([
    'ServiceAccount',
    'ClusterRole',
    'ClusterRoleBinding',
    'ConfigMap',
    'DaemonSet',
  ]);
});

test('hands out the pods’ range of the spec over vxlan', () => {
  expect(JSON.parse(object('ConfigMap')?.data?.['net-conf.json'] ?? '')).toMatchObject({
    Network: '10.32.0.0/16',
    Backend: { Type: 'vxlan' },
  });
});

test('has the same CNI configuration in the cluster as on the hosts', () => {
  const inCluster: unknown = JSON.parse(object('ConfigMap')?.data?.['cni-conf.json'] ?? '');
  expect(inCluster).toEqual(JSON.parse(flannelCniConfig));
});

test('runs the locked image on every node, tainted ones too, before there is a pod network', () => {
  expect(object('DaemonSet')?.spec).toMatchObject({
    template: {
      spec: {
        hostNetwork: true,
        tolerations: [{ operator: 'Exists' }],
        containers: [{ image: 'ghcr.io/flannel-io/flannel:v0.28.4' }],
      },
    },
  });
});

test('goes by the address of the node, and reaches the API through the proxy of its host', () => {
  const container: unknown = object('DaemonSet')?.spec;
  expect(container).toMatchObject({
    template: {
      spec: {
        containers: [
          {
            args: expect.arrayContaining([
              '--iface=$(NODE_ADDRESS)',
              '--public-ip=$(NODE_ADDRESS)',
            ]),
            env: expect.arrayContaining([
              { name: 'KUBERNETES_SERVICE_HOST', value: '127.0.0.1' },
              { name: 'KUBERNETES_SERVICE_PORT', value: '9443' },
            ]),
          },
        ],
      },
    },
  });
});
