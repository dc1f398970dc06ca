// A component: one thing that a host should have. What it should be has a digest; the node's record
// keeps the digest that was applied. An install is the difference from nothing, and every later
// change is the difference from what was applied.
import type { NodeId } from '../../shared/model/ids.ts';

/** What preparing a host lays down: a file each in host/, listed in host/host-components.ts. */
export type HostComponentName =
  | 'settings'
  | 'runtime'
  | 'network'
  | 'kubeadm'
  | 'kubernetes'
  | 'api-proxy'
  | 'etcd';

export type ComponentName =
  | HostComponentName
  /** Everything the host will need, in the agent's own directory. */
  | 'artifacts'
  /** The host is a node of the cluster: a worker, or a master by `control-plane`. */
  | 'node'
  | 'control-plane'
  /** Of its Node, given by the spec: the text itself (planner/node-gifts.ts). */
  | 'labels'
  | 'smoke-image';

/**
 * Who orders a change of it on a host that works. none: nobody notices, it is done ahead. restart: in
 * the host's turn of a rollout. drain: there, and pods are moved away first where it matters. change:
 * by the table of changes, one at a time in a cluster.
 */
export type Disruption = 'none' | 'restart' | 'drain' | 'change';

/** What components are, or should be. Null: laid down by version 0.1, which kept no digests. */
export type Digests = Readonly<Partial<Record<ComponentName, string | null>>>;

/** What a host is known to have. */
export interface AppliedComponent {
  readonly digest: string | null;
  readonly planId: string | null;
  readonly atMs: number;
}
export type Applied = Readonly<Partial<Record<ComponentName, AppliedComponent>>>;

/** News for a node's record. */
export interface AppliedNews {
  readonly nodeId: NodeId;
  readonly applied: Applied;
}
