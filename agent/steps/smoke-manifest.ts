// The objects of a smoke test: a namespace of its own, two pods pinned to two nodes, one Service over
// both. Pure. The pods answer their own name over HTTP and dial others when they are asked to.

export const HTTP_PORT = 8080;
export const SERVICE_PORT = 80;
export const SERVICE = 'web';

export interface SmokePod {
  readonly name: string;
  readonly node: string;
}

export interface SmokeObject {
  readonly path: string;
  readonly document: object;
}

export const namespaceFor = (runId: string): string => `muster-smoke-${runId}`;
export const namespacePath = (namespace: string): string => `/api/v1/namespaces/${namespace}`;
export const podPath = (namespace: string, name: string): string =>
  `${namespacePath(namespace)}/pods/${name}`;
export const servicePath = (namespace: string): string =>
  `${namespacePath(namespace)}/services/${SERVICE}`;

/** One on each of the first two nodes; both on the same when there is only one. */
export function smokePods(nodes: readonly { readonly name: string }[]): readonly SmokePod[] {
  const [one, two = one] = nodes;
  if (one === undefined || two === undefined) return [];
  return [
    { name: 'pod-a', node: one.name },
    { name: 'pod-b', node: two.name },
  ];
}

export function smokeNamespace(namespace: string): SmokeObject {
  return {
    path: namespacePath(namespace),
    document: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  };
}

export function smokeObjects(
  namespace: string,
  image: string,
  pods: readonly SmokePod[],
): readonly SmokeObject[] {
  const labels = { app: 'muster-smoke' };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: SERVICE, namespace },
    spec: {
      type: 'NodePort',
      selector: labels,
      ports: [{ name: 'http', port: SERVICE_PORT, targetPort: HTTP_PORT, protocol: 'TCP' }],
    },
  };
  const podObjects = pods.map(({ name, node }) => ({
    path: podPath(namespace, name),
    document: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels },
      spec: podSpec(node, image),
    },
  }));
  return [{ path: servicePath(namespace), document: service }, ...podObjects];
}

function podSpec(node: string, image: string): object {
  return {
    nodeName: node,
    // Also on masters, and on nodes that are cordoned: the network there has to work as well.
    tolerations: [{ operator: 'Exists' }],
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'web',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: ['netexec', `--http-port=${HTTP_PORT}`, '--udp-port=-1'],
        ports: [{ containerPort: HTTP_PORT, protocol: 'TCP' }],
        readinessProbe: { httpGet: { path: '/hostname', port: HTTP_PORT }, periodSeconds: 1 },
      },
    ],
  };
}
