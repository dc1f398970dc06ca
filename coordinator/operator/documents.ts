// What `get` answers: one JSON document per object, with the fields the command line prints. Shapes
// only; both ends use them.
import type { NodeFacts } from '../../shared/model/facts.ts';
import type { CertificateServer, HealthReport } from '../../shared/model/health.ts';
import type { Applied } from '../components/component.ts';
import type { FeedLine } from '../events/event-feed.ts';
import type { Phase } from '../planner/phase.ts';
import type { PreflightFault } from '../planner/preflight/check.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';
import type { PlanRecord, SealedSnapshot } from '../store/records.ts';
import type { ClusterHealthDocument, HostHealthDocument } from './health-documents.ts';
import type { RolloutDocument } from './rollout-documents.ts';
import type { ShownWait } from './wait-sentences.ts';

export interface RunningPlan {
  readonly planId: string;
  readonly goal: string;
  readonly lane: string;
  readonly state: string;
  /** The step it is in, or the next one. */
  readonly step: string | null;
  readonly doneSteps: number;
  readonly steps: number;
}

export interface NodeDocument {
  readonly kind: 'Node';
  readonly name: string;
  readonly id: string;
  readonly cluster: string;
  readonly pool: string;
  readonly roles: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Of the identity: active, locked, retired, evicted, banned. */
  readonly state: string;
  /** How far its install is. */
  readonly phase: Phase;
  /** The word of `get nodes`: ready, not ready, degraded, away, unknown; before it is a node, its phase. */
  readonly status: string;
  /** It is a node of the cluster and measured as Ready. */
  readonly ready: boolean;
  readonly health: HostHealthDocument;
  readonly online: boolean;
  readonly address: string | null;
  readonly architecture: string | null;
  readonly os: string | null;
  readonly kernel: string | null;
  /** Of the kubelet. */
  readonly version: string | null;
  readonly agentVersion: string | null;
  readonly joinedMs: number;
  readonly lastPollMs: number | null;
  /** The agent's own words. */
  readonly doing: readonly string[];
  readonly plans: readonly RunningPlan[];
  /** Sentences: why it waits. */
  readonly waits: readonly ShownWait[];
  /** Steps that changed the host, over all its plans that are kept. */
  readonly changedSteps: number;
  /** Only when one node is asked for by name. */
  readonly details?: {
    readonly joinedFrom: string;
    readonly tokenId: string;
    readonly counter: number;
    readonly sequence: Readonly<Record<string, number>>;
    readonly faults: readonly PreflightFault[];
    readonly factsReportedMs: number | null;
    readonly facts: NodeFacts | null;
    /** What was laid down on the host, by which plan. */
    readonly applied: Applied;
    /** What its agent measured; times are of the host's own clock. */
    readonly healthReport: HealthReport | null;
  };
}

export interface PoolDocument {
  readonly kind: 'Pool';
  readonly name: string;
  readonly cluster: string;
  readonly roles: readonly string[];
  readonly size: number | null;
  readonly joined: number;
  readonly ready: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ClusterDocument {
  readonly kind: 'Cluster';
  readonly name: string;
  readonly version: string;
  /** ready: everything the spec asks for was installed. held: an operator has to act. */
  readonly phase: 'waiting' | 'installing' | 'ready' | 'held';
  readonly createdMs: number;
  readonly masters: readonly string[];
  readonly joined: number;
  readonly ready: number;
  readonly health: ClusterHealthDocument;
  readonly waits: readonly ShownWait[];
  readonly faults: readonly PreflightFault[];
  readonly ignoredChecks: readonly string[];
  readonly caDigest: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly artifacts: {
    readonly locked: number;
    readonly stored: number;
    readonly state: string;
    readonly message: string | null;
  };
  readonly backup: ClusterBackupDocument;
  readonly spec: ClusterSpec;
}

/** What a cluster would be restored from. */
export interface ClusterBackupDocument {
  /** Cron in UTC, or off. */
  readonly schedule: string;
  readonly lastMs: number | null;
  readonly nextMs: number | null;
  /** Fingerprint; null: there is none, and snapshots lie on the masters only. */
  readonly recoveryKey: string | null;
  /** When the newest was taken that the coordinator has a copy of. */
  readonly lastCopiedMs: number | null;
  /** What is missing of a backup that survives the masters; null: nothing. */
  readonly note: string | null;
}

export interface SnapshotDocument {
  readonly kind: 'Snapshot';
  readonly name: string;
  readonly cluster: string;
  readonly takenMs: number;
  readonly revision: string;
  readonly hash: string;
  readonly bytes: number;
  /** Where it lies; null: it was removed there. */
  readonly node: string | null;
  readonly path: string | null;
  /** Null: the coordinator has no copy. */
  readonly copiedMs: number | null;
  readonly sealed: SealedSnapshot | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** What is null was not measured within the last minute, or its agent does not tell it. */
export interface EtcdMemberDocument {
  readonly kind: 'EtcdMember';
  readonly name: string;
  readonly cluster: string;
  /** Hex. */
  readonly id: string | null;
  readonly state: 'healthy' | 'down' | 'away' | 'unknown';
  readonly isLeader: boolean | null;
  readonly isLearner: boolean | null;
  readonly version: string | null;
  readonly databaseBytes: number | null;
  readonly inUseBytes: number | null;
  readonly quotaBytes: number | null;
  /** So much of a large database is free that it is due to be defragmented. */
  readonly isSparse: boolean;
  /** In steps of a thousand. */
  readonly raftIndex: number | null;
  readonly raftTerm: number | null;
  readonly alarms: readonly string[];
  /** Why it does not answer. */
  readonly message: string | null;
  /** Since when it answers, or does not. */
  readonly sinceMs: number | null;
  readonly measuredMs: number | null;
  readonly labels: Readonly<Record<string, string>>;
}

export type PlanDocument = PlanRecord & {
  readonly kind: 'Plan';
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The signed plan as the agent sees it; only when one plan is asked for by id. */
  readonly payload?: unknown;
};

export interface TokenDocument {
  readonly kind: 'Token';
  readonly name: string;
  readonly cluster: string;
  readonly pool: string;
  readonly state: 'valid' | 'expired' | 'used-up' | 'revoked';
  readonly uses: number;
  readonly usedBy: readonly string[];
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly nodeName: string | null;
  readonly sourceRange: string | null;
  readonly standing: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

export interface OperatorDocument {
  readonly kind: 'Operator';
  readonly name: string;
  readonly role: string;
  /** invited: it has not logged in yet, and its token is valid. */
  readonly state: 'active' | 'invited' | 'expired' | 'revoked';
  readonly createdMs: number;
  readonly loggedInMs: number | null;
  readonly loggedInFrom: string | null;
  /** Of the newest certificate. */
  readonly expiresMs: number | null;
  /** Of a login token that nobody used yet. */
  readonly loginExpiresMs: number | null;
  /** Hex SHA-256 of the public key's SPKI. */
  readonly key: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

export type EventDocument = FeedLine & {
  readonly kind: 'Event';
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
};

export interface ArtifactDocument {
  readonly kind: 'Artifact';
  readonly name: string;
  readonly cluster: string;
  readonly version: string;
  readonly arch: string;
  readonly type: string;
  readonly size: number;
  readonly sha256: string;
  readonly url: string;
  readonly reference: string | null;
  readonly stored: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

export interface CertificateDocument {
  readonly kind: 'Certificate';
  /** NODE:PATH */
  readonly name: string;
  /** A host's name, or `coordinator`. */
  readonly node: string;
  readonly cluster: string | null;
  /** Null: of no file that is looked at, only of a process. */
  readonly path: string | null;
  readonly subject: string;
  /** Of the file; null where there is none, or nothing is known. */
  readonly notAfterMs: number | null;
  /** What a running process shows; null: none shows it. */
  readonly served: {
    readonly by: CertificateServer | 'coordinator';
    readonly notAfterMs: number;
    /** The very one of the file; null: it is of no file that is looked at. */
    readonly isOfFile: boolean | null;
  } | null;
  /** The sooner end of the two, compared with the coordinator's clock. */
  readonly leftMs: number | null;
  /** It ended, or ends within thirty days, and something depends on it. */
  readonly isNearEnd: boolean;
  /** Who renews it, and when; a phrase. */
  readonly renewal: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type Document =
  | NodeDocument
  | PoolDocument
  | ClusterDocument
  | PlanDocument
  | RolloutDocument
  | TokenDocument
  | OperatorDocument
  | EventDocument
  | ArtifactDocument
  | CertificateDocument
  | SnapshotDocument
  | EtcdMemberDocument;

export const documentKinds = [
  'nodes',
  'pools',
  'clusters',
  'plans',
  'rollouts',
  'tokens',
  'operators',
  'events',
  'artifacts',
  'certificates',
  'snapshots',
  'etcd-members',
] as const;
export type DocumentKind = (typeof documentKinds)[number];
