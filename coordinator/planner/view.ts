// What decide() sees of a cluster: a read model, built from the store and from what polls told since
// the coordinator started. Pure data; everything a decision needs and nothing else. A part that did
// not change is the same object as before, so that what was computed from it can be kept.
import type { CertificateHealth } from '../../shared/model/health.ts';
import type { Lane } from '../../shared/model/plan.ts';
import type {
  ClusterRecord,
  FactsRecord,
  NodeRecord,
  OperatorRequest,
  PlanRecord,
} from '../store/records.ts';

export interface NodeView {
  readonly record: NodeRecord;
  readonly facts: FactsRecord | null;
  /** When the facts were last told; they are only written when they change. */
  readonly factsToldMs: number | null;
  /** The last poll: null when the agent has not polled since the coordinator started. */
  readonly lastPollMs: number | null;
  /** An agent that polled lately (ONLINE_MS). */
  readonly online: boolean;
  /** Whether its Kubernetes node is Ready, as its agent measured it lately; null: not known. */
  readonly isNodeReady?: boolean | null;
  /** On the host, as its agent measured it last; null: not known. */
  readonly certificates?: readonly CertificateHealth[] | null;
  /** Its own words, from the last poll: to be shown, never judged by. */
  readonly doing: Readonly<Record<Lane, string>>;
  /** The plans of the node that are kept, oldest first. */
  readonly plans: readonly PlanRecord[];
  /** What its agent measured of its etcd member within the last minute; absent: nothing. */
  readonly etcd?: EtcdView;
}

/** Of sizes only what decisions turn on, so that a database that grows is not another view each time. */
export interface EtcdView {
  /** It answers a linearizable read, votes and raises no alarm. */
  readonly isHealthy: boolean;
  readonly isLeader: boolean;
  /** Much of a large database is free pages (presence/etcd-view.ts). */
  readonly isSparse: boolean;
}

export interface ClusterView {
  readonly cluster: ClusterRecord;
  readonly nodes: readonly NodeView[];
  readonly requests: readonly OperatorRequest[];
  readonly artifacts: ArtifactView;
  /** What the ends of certificates are compared with. Missing: the time of the decision. */
  readonly certificatesNow?: number;
}

/** What agents can fetch from the coordinator. */
export interface ArtifactView {
  /** Digests in the coordinator's own store. */
  readonly stored: ReadonlySet<string>;
  /** The rest of the cluster's lock is on its way. */
  readonly pulling: boolean;
}
