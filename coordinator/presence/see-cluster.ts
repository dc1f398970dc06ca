// From the coordinator's view of a cluster to what health is judged from: the one place that knows in
// which records stands what is installed on a host and who is a member of etcd.
import type { ClusterView, NodeView } from '../planner/view.ts';
import type { ClusterRecord } from '../store/records.ts';
import type { HealthBook } from './health-book.ts';
import type { Polls } from './polls.ts';
import type { SeenCluster, SeenHost } from './seen-cluster.ts';

export interface HealthSource {
  readonly book: Pick<HealthBook, 'of' | 'rejected'>;
  readonly polls: Pick<Polls, 'startedMs'>;
}

export function seeCluster(view: ClusterView, { book, polls }: HealthSource): SeenCluster {
  const { cluster } = view;
  const { ignoredChecks } = cluster;
  const active = view.nodes.filter(({ record }) => record.state === 'active');
  return {
    name: cluster.name,
    hosts: active.map((node) => seeHost(cluster, node, book)),
    etcdMembers: cluster.etcd?.members.map(({ name }) => name) ?? null,
    ignoresClock: ignoredChecks.includes('clock') || ignoredChecks.includes('all'),
    listeningSinceMs: polls.startedMs,
  };
}

function seeHost(cluster: ClusterRecord, node: NodeView, book: HealthSource['book']): SeenHost {
  const { id, name, pool } = node.record;
  const roles = cluster.spec.pools.find((entry) => entry.name === pool)?.roles ?? [];
  const isMaster = cluster.masters.includes(id);
  const { applied } = node.record;
  return {
    name,
    isMaster: roles.includes('control-plane'),
    has: {
      runtime: applied.runtime !== undefined,
      etcd: cluster.etcd?.members.some(({ nodeId }) => nodeId === id) ?? false,
      node: isMaster || applied.node !== undefined,
      apiServer: isMaster,
    },
    online: node.online,
    lastHeardMs: node.lastPollMs ?? node.factsToldMs,
    agentVersion: node.facts?.facts.agentVersion ?? '',
    measured: book.of(id),
    rejected: book.rejected(id),
  };
}
