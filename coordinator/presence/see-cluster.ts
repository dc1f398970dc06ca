// From the coordinator's view of a cluster to what health is judged from: the one place that knows in
// which records stands what is installed on a host and who is a member of etcd.
import type { ComponentName } from '../components/component.ts';
import { claimsOf } from '../identity/claims.ts';
import type { RenewalStanding } from '../planner/renewal/standing.ts';
import type { ClusterView, NodeView } from '../planner/view.ts';
import type { ClusterRecord } from '../store/records.ts';
import type { HealthBook } from './health-book.ts';
import { FRESH_MS } from './judge-host.ts';
import type { Polls } from './polls.ts';
import type { SeenCluster, SeenHost } from './seen-cluster.ts';

export interface HealthSource {
  readonly book: Pick<HealthBook, 'of' | 'rejected'>;
  readonly polls: Pick<Polls, 'startedMs' | 'state'>;
  /** As decided last, by name. */
  readonly renewals?: Readonly<Record<string, RenewalStanding>>;
}

export function seeCluster(view: ClusterView, source: HealthSource): SeenCluster {
  const { cluster } = view;
  const { ignoredChecks } = cluster;
  const active = view.nodes.filter(({ record }) => record.state === 'active');
  const claims = claimsOf(active);
  return {
    name: cluster.name,
    hosts: active.map((node) => ({
      ...seeHost(cluster, node, source),
      claims: claims.get(node.record.id) ?? [],
    })),
    etcdMembers: cluster.etcd?.members.map(({ name }) => name) ?? null,
    ignoresClock: ignoredChecks.includes('clock') || ignoredChecks.includes('all'),
    listeningSinceMs: source.polls.startedMs,
  };
}

function seeHost(
  cluster: ClusterRecord,
  node: NodeView,
  source: HealthSource,
): Omit<SeenHost, 'claims'> {
  const { book, polls } = source;
  const { id, name, pool } = node.record;
  const roles = cluster.spec.pools.find((entry) => entry.name === pool)?.roles ?? [];
  const measured = book.of(id);
  const isMaster = cluster.masters.includes(id);
  const { applied } = node.record;
  const isNode = isMaster || applied.node !== undefined;
  /**
   * Laid down, and not only just after the measurement, which cannot show it yet. Both are in the
   * coordinator's time: a wrong clock of the host must not hide what is wrong there.
   */
  const wasThere = (component: ComponentName): boolean => {
    const brought = applied[component];
    if (brought === undefined) return false;
    const afterMs = measured === null ? 0 : brought.atMs - measured.measuredMs;
    return afterMs <= 0 || afterMs >= FRESH_MS;
  };
  return {
    name,
    isMaster: roles.includes('control-plane'),
    isNode,
    has: {
      runtime: wasThere('runtime'),
      etcd: wasThere('etcd') && isMember(cluster, id),
      node: isNode && (wasThere('node') || wasThere('control-plane')),
      apiServer: isMaster && wasThere('control-plane'),
    },
    online: node.online,
    lastHeardMs: node.lastPollMs,
    agentVersion: node.facts?.facts.agentVersion ?? '',
    measured,
    rejected: book.rejected(id),
    trouble: polls.state(id)?.trouble ?? null,
    renewal: source.renewals?.[name] ?? null,
  };
}

const isMember = ({ etcd }: ClusterRecord, id: string): boolean =>
  etcd?.members.some(({ nodeId }) => nodeId === id) ?? false;
