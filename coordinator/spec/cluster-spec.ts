// The shape of cluster.yaml. zod is the one source: it checks, fills in defaults, and emits the JSON
// Schema behind `coordinator schema` and editors. Unknown fields are errors, everywhere.
import { z } from 'zod';
import { scheduleFault } from './schedule.ts';
import { settings, table, text } from './spec-text.ts';

const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/,
    'lower-case letters, digits and dashes, at most 40',
  );

const cidr = text('ipv4Range');
const extraArgs = table('flagName', 'line');
const labels = table('labelName', 'labelValue').default({});

const component = z.strictObject({ extraArgs: extraArgs.default({}) });

const role = z.enum(['etcd', 'control-plane', 'worker']);

const taint = z.strictObject({
  key: text('labelName'),
  value: text('labelValue').default(''),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
});

const pool = z.strictObject({
  name,
  roles: z.array(role).min(1).describe('what hosts of the pool are: etcd, control-plane, worker'),
  size: z.int().min(1).optional().describe('hosts wanted; needed for etcd and control-plane pools'),
  autoJoin: z.boolean().default(true).describe('hosts become nodes without a command'),
  labels: labels.describe('labels of the nodes of the pool'),
  taints: z.array(taint).default([]).describe('taints of the nodes of the pool'),
  kubelet: settings.default({}).describe('KubeletConfiguration fields for this pool'),
  nodeAddress: z
    .strictObject({ interface: text('interfaceName').optional(), range: cidr.optional() })
    .default({})
    .describe('which address of a host Kubernetes uses; default: that of the default route'),
});

const duration = z.string().regex(/^\d{1,6}(s|m|h)$/, 'a duration such as 60s, 5m or 1h');

/** Words that users of `kubectl drain` know. */
const drain = z.strictObject({
  timeout: duration.default('10m').describe('how long a host is drained before onTimeout'),
  onTimeout: z
    .enum(['skip', 'delete'])
    .default('skip')
    .describe(
      'skip: give the host back and leave it for later; delete: delete its pods, asking no budget',
    ),
  gracePeriod: duration.nullable().default(null).describe('time for a pod to end; null: its own'),
  deleteEmptyDirData: z
    .boolean()
    .default(true)
    .describe('evict pods whose emptyDir data is lost with them'),
  force: z.boolean().default(false).describe('evict pods that no controller would make again'),
});

const rollout = z.strictObject({
  canary: z.int().min(0).default(1).describe('hosts changed first, alone, before the waves'),
  maxUnavailable: z
    .union([
      z.int().min(1),
      z.string().regex(/^[1-9]\d?%$|^100%$/, 'a number of hosts or 1% to 100%'),
    ])
    .default('10%')
    .describe('hosts of a pool changed at the same time, a number or a percentage'),
  soak: duration.default('60s').describe('how long a wave must stay healthy before the next one'),
  failureBudget: z.int().min(0).default(1).describe('failed hosts after which nothing new starts'),
  windows: z
    .array(text('line'))
    .default([])
    .describe(
      'maintenance windows, each a cron expression and a length, in UTC: "0 22 * * 1-5 4h"; outside of them nothing begins',
    ),
  drain: drain.prefault({}).describe('how the pods of a host are moved before it is changed'),
});

/** Plans travel whole, and have an end. */
const longestFile = 256 * 1024;
const isWhole = (content: string): boolean => !content.includes('\0');

const host = z.strictObject({
  swap: z
    .enum(['off', 'refuse'])
    .default('refuse')
    .describe('off: turned off; refuse: preflight fails'),
  sysctls: table('sysctlName', 'line')
    .default({})
    .describe('set on every host, besides what Kubernetes needs'),
  modules: z
    .array(text('kernelModule'))
    .default([])
    .describe('kernel modules loaded on every host, besides what Kubernetes needs'),
  files: z
    .array(
      z.strictObject({
        path: text('path'),
        content: z.string().max(longestFile).refine(isWhole, 'text without NUL'),
        mode: z
          .string()
          .regex(/^0[0-7]{3}$/, "a mode in quotes such as '0644'")
          .default('0644'),
      }),
    )
    .default([])
    .describe('files written on every host before Kubernetes is installed'),
});

const snapshots = z.strictObject({
  schedule: z
    .string()
    .max(100)
    .superRefine((pattern, context) => {
      const fault = scheduleFault(pattern);
      if (fault !== null) context.addIssue({ code: 'custom', message: fault });
    })
    .default('0 */6 * * *')
    .describe('when etcd is saved: five fields of cron in UTC, or off'),
  keep: z
    .int()
    .min(1)
    .max(100)
    .default(8)
    .describe('snapshots kept on every master that took some, and copies kept by the coordinator'),
});

const artifacts = z.strictObject({
  source: z
    .enum(['official', 'directory'])
    .default('official')
    .describe(
      'official: the release sites and registries; directory: files already on the coordinator',
    ),
  directory: text('line')
    .optional()
    .describe('absolute path on the coordinator, for source: directory'),
  mirrors: z
    .array(text('url'))
    .default([])
    .describe('base URLs that agents try before the coordinator'),
});

export const clusterSpecSchema = z.strictObject({
  kubernetes: z.strictObject({
    version: z
      .string()
      .regex(/^v1\.\d{1,4}\.\d{1,4}$/, 'a version such as v1.37.1')
      .describe('of every Kubernetes component'),
  }),
  network: z
    .strictObject({
      plugin: z.enum(['flannel']).default('flannel').describe('the pod network'),
      pods: cidr
        .default('10.200.0.0/16')
        .describe('addresses of pods; every node takes a /24 of it'),
      services: cidr.default('10.96.0.0/12').describe('addresses of services'),
      domain: text('dnsName').default('cluster.local').describe('DNS domain of the cluster'),
      proxyMode: z
        .enum(['nftables', 'iptables', 'ipvs'])
        .default('nftables')
        .describe('how kube-proxy forwards'),
    })
    .prefault({}),
  controlPlane: z
    .strictObject({
      endpoint: z
        .union([z.literal('local-proxy'), z.strictObject({ address: text('hostPort') })])
        .default('local-proxy')
        .describe(
          'local-proxy: every node has its own; or {address: HOST:PORT} of a load balancer',
        ),
      certSANs: z
        .array(text('certificateName'))
        .default([])
        .describe('further names and addresses of the API servers'),
      apiServer: component.prefault({}),
      controllerManager: component.prefault({}),
      scheduler: component.prefault({}),
    })
    .prefault({}),
  etcd: z
    .strictObject({
      placement: z
        .union([z.literal('control-plane'), z.strictObject({ pool: name })])
        .default('control-plane')
        .describe('control-plane: on the same hosts; or {pool: NAME} for hosts of their own'),
      snapshots: snapshots.prefault({}),
    })
    .prefault({}),
  pools: z.array(pool).min(1).describe('groups of hosts with the same roles'),
  rollout: rollout.prefault({}),
  kubelet: settings.default({}).describe('KubeletConfiguration fields for every node'),
  kubeProxy: settings.default({}).describe('KubeProxyConfiguration fields'),
  host: host.prefault({}),
  hosts: z
    .record(
      text('nodeName'),
      z.strictObject({ nodeAddress: text('ipv4Address').optional(), labels }),
    )
    .default({}),
  runtime: z.strictObject({ name: z.literal('containerd').default('containerd') }).prefault({}),
  artifacts: artifacts.prefault({}),
});

export const clusterDocumentSchema = z.strictObject({
  apiVersion: z.literal('muster/v1'),
  kind: z.literal('Cluster'),
  metadata: z.strictObject({ name }),
  spec: clusterSpecSchema,
});

/** After defaults. */
export type ClusterSpec = z.output<typeof clusterSpecSchema>;
export type PoolSpec = ClusterSpec['pools'][number];
export type Role = z.output<typeof role>;
