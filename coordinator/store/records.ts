// Every record of the store, its key and its shape. JSON-safe; times are milliseconds since 1970.
import type { NodeFacts } from '../../shared/model/facts.ts';
import type { NodeId, PlanId } from '../../shared/model/ids.ts';
import type { Lane, PlanState, RefusalReason } from '../../shared/model/plan.ts';
import type { StepError, StepOutputs } from '../../shared/model/progress.ts';
import type { StoredEnvelope } from '../../shared/rpc/codec.ts';
import type { ArtifactLock } from '../artifacts/lock.ts';
import type { Applied, Digests } from '../components/component.ts';
import type { GoalKey } from '../plan-records/goal-key.ts';
import type { DrainLimits } from '../planner/drain-plans.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';
import type { IdentityRecord } from './identity-record.ts';
import type { PastRollout, RolloutRecord, WantedRollout } from './rollout-record.ts';

export const keys = {
  fleet: 'fleet/meta',
  cluster: (name: string): string => `cluster/${name}`,
  clusters: 'cluster/',
  token: (id: string): string => `token/${id}`,
  tokens: 'token/',
  node: (id: string): string => `node/${id}`,
  nodes: 'node/',
  facts: (id: string): string => `facts/${id}`,
  allFacts: 'facts/',
  plan: (id: string): string => `plan/${id}`,
  plans: 'plan/',
  envelope: (id: string): string => `envelope/${id}`,
  envelopes: 'envelope/',
  journal: (id: string): string => `journal/${id}`,
  request: (id: string): string => `request/${id}`,
  requests: 'request/',
  approval: (id: string): string => `approval/${id}`,
  approvals: 'approval/',
  operator: (name: string): string => `operator/${name}`,
  operators: 'operator/',
} as const;

/** Grows when records change their shape: an older program does not open a newer store. */
export const STORE_SCHEMA = 2;

export interface FleetRecord {
  readonly fleet: string;
  /** Absent in a store of version 0.1. */
  readonly schema?: number;
  /** Generation of the issuer: an agent obeys no lower one than it has seen. */
  readonly epoch: number;
  readonly createdMs: number;
}

/** The one record of a cluster: its spec, and what has been decided for good. */
export interface ClusterRecord {
  readonly name: string;
  readonly specYaml: string;
  readonly spec: ClusterSpec;
  /** Grows by one with every spec that `apply` changes. */
  readonly specGeneration: number;
  readonly lock: ArtifactLock;
  readonly ignoredChecks: readonly string[];
  readonly createdMs: number;
  /** Hosts chosen when their pool was complete; the first of them is the first master. */
  readonly controlPlane: readonly NodeId[] | null;
  /** etcd's members as agreed, apart from what is desired; null before the first gate was green. */
  readonly etcd: EtcdMembership | null;
  /** The change of the control plane or of etcd under way: at most one in a cluster, ever. */
  readonly change: ControlPlaneChange | null;
  /** Masters whose change is over, the gate after it green. */
  readonly masters: readonly NodeId[];
  /** Digest of the Kubernetes CA, recorded before anything is written to etcd. */
  readonly caDigest: string | null;
  /** What happens once in the life of a cluster, and when it did. */
  readonly reached: Readonly<Partial<Record<Milestone, { readonly atMs: number }>>>;
  /** Raised by `retry` without a node: part of every goal's key, so holds are released. */
  readonly retryGeneration: number;
  /** Masters whose certificates Muster has made anew, and when it did last. */
  readonly renewed?: Readonly<Record<NodeId, Renewed>>;
  /** What every API server runs at least; missing: the version of the spec. No kubelet is newer. */
  readonly serves?: string;
  /** What an API server was begun to be raised to: none is ever lowered. Missing: as `serves`. */
  readonly raisedTo?: string;
  /** What was put into the cluster itself (kubeadm's own settings, add-ons); missing: nobody knows. */
  readonly services?: ClusterServices;
  /** A spec that hosts have not been brought to, and nothing begun. */
  readonly wanted?: WantedRollout | null;
  /** The rollout under way, or the last one. */
  readonly rollout?: RolloutRecord | null;
  /** Those before it, oldest first; the newest twenty. */
  readonly pastRollouts?: readonly PastRollout[];
  /** Snapshots of etcd that are somewhere, oldest first; absent: none was recorded yet. */
  readonly snapshots?: readonly SnapshotRecord[];
  /** What snapshots are encrypted to before they leave a host; absent: they leave none. */
  readonly recoveryKey?: RecoveryKey;
}

export interface Renewed {
  readonly beganMs: number;
  readonly atMs: number;
}

export interface ClusterServices {
  readonly digest: string;
  readonly atMs: number;
}

export interface SnapshotRecord {
  /** Of its run: first, a due time, an operator's request. Unique in a cluster; the name of its file. */
  readonly id: string;
  /** The host that took it. */
  readonly nodeId: NodeId;
  readonly nodeName: string;
  readonly takenMs: number;
  readonly revision: string;
  /** etcd's own checksum. */
  readonly hash: string;
  readonly bytes: number;
  readonly path: string;
  /** False: it was removed there when newer ones came. */
  readonly isOnHost: boolean;
  /** As it was encrypted there, to which recovery key; null when there was none. */
  readonly sealed: SealedSnapshot | null;
  /** When the coordinator had all of it; null: it has no copy. */
  readonly copiedMs: number | null;
}

export interface SealedSnapshot {
  readonly sha256: string;
  readonly bytes: number;
  /** `fingerprint` of the recovery key. */
  readonly key: string;
}

/** An operator's: the private half never came here. */
export interface RecoveryKey {
  /** Base64 of the SPKI DER of a P-256 key. */
  readonly publicKey: string;
  /** The first 16 hex digits of the SHA-256 of the SPKI. */
  readonly fingerprint: string;
  readonly setMs: number;
}

export type Milestone = 'first-snapshot' | 'smoke-test';

export interface EtcdMembership {
  readonly members: readonly EtcdMember[];
  readonly agreedMs: number;
}

export interface EtcdMember {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  /** etcd's own id, lower-case hex; null until a host has told it. */
  readonly memberId: string | null;
  readonly learner: boolean;
}

export interface ControlPlaneChange {
  readonly kind: ChangeKind;
  /** Whom the change is about. A host that is no master yet is not among the masters of its gate. */
  readonly subjects: readonly NodeId[];
  /** The host that carries it out; so far each host does what is about itself. */
  readonly delegate: NodeId;
  readonly beganMs: number;
  /**
   * The delegate's last plan numbers when it began: only a later plan ends it, whatever clocks say.
   * Missing in records of 0.1, where no change happened twice to a host.
   */
  readonly numbersBefore?: Readonly<Record<Lane, number>>;
}

export type ChangeKind = 'init' | 'join' | 'upgrade' | 'update-etcd' | 'renew' | 'defragment';

export type IdentityState = 'active' | 'locked' | 'retired' | 'evicted' | 'banned';

export interface NodeRecord extends IdentityRecord {
  readonly id: NodeId;
  readonly name: string;
  readonly cluster: string;
  readonly pool: string;
  readonly state: IdentityState;
  /** Base64 of the SPKI DER of the node key: identity, and what secrets are sealed to. */
  readonly publicKey: string;
  readonly counter: number;
  readonly joinedMs: number;
  readonly tokenId: string;
  readonly joinedFrom: string;
  /** Highest sequence given out per lane. */
  readonly sequence: Readonly<Record<Lane, number>>;
  /** What plans that ended well have laid down. */
  readonly applied: Applied;
  /** Raised by `retry NODE`: releases what is held about this host or by it. */
  readonly retryGeneration: number;
}

/** A host that may join although it looks like another. */
export interface ApprovalRecord {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly cluster: string;
  /** The node whose name and place it takes; null when it takes nobody's. */
  readonly replaces: NodeId | null;
  readonly atMs: number;
  readonly expiresMs: number;
}

export interface FactsRecord {
  readonly nodeId: NodeId;
  readonly digest: string;
  readonly reportedMs: number;
  readonly facts: NodeFacts;
}

export interface TokenRecord {
  readonly id: string;
  /** Base64url SHA-256 of the secret. */
  readonly secretHash: string;
  readonly cluster: string;
  readonly pool: string;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly uses: number;
  readonly revoked: boolean;
  readonly nodeName: string | null;
  readonly sourceRange: string | null;
  readonly standing: boolean;
  /** Node ids (from their keys) that spent a use: spending and recording is one compare-and-set. */
  readonly spentBy: readonly NodeId[];
}

export interface StepProgress {
  readonly stepId: string;
  readonly state: 'pending' | 'running' | 'satisfied' | 'changed' | 'failed' | 'stopped';
  readonly attempt: number;
  readonly beganMs: number | null;
  readonly durationMs: number | null;
  readonly note: string | null;
  readonly outputs: StepOutputs;
  readonly error: StepError | null;
}

export interface PlanRecord {
  readonly planId: PlanId;
  readonly nodeId: NodeId;
  readonly nodeName: string;
  readonly cluster: string;
  readonly lane: Lane;
  /** What it is for, in words. */
  readonly goal: string;
  readonly goalKey: GoalKey;
  /** Components that the host has once the plan is done. */
  readonly brings: Digests;
  /** 1 for the first plan of a goal. */
  readonly attempt: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly state: PlanState;
  readonly refusal: RefusalReason | null;
  readonly message: string | null;
  readonly error: StepError | null;
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly acceptedMs: number | null;
  readonly finishedMs: number | null;
  readonly changedSteps: number;
  readonly stopRequested: boolean;
  /** unwanted: by the coordinator itself, of a plan that a host would not begin again by itself. */
  readonly stopReason?: 'unwanted';
  /** Stage titles and step ids with kinds, for showing; arguments are in the envelope. */
  readonly stages: readonly {
    readonly title: string;
    readonly steps: readonly { readonly id: string; readonly kind: string }[];
  }[];
  readonly steps: readonly StepProgress[];
}

/** Kept apart from the plan: written once and large. */
export interface EnvelopeRecord {
  readonly planId: PlanId;
  readonly envelope: StoredEnvelope;
}

/** Where the journal of a node is known up to. */
export interface JournalPosition {
  readonly nodeId: NodeId;
  readonly journalId: string;
  readonly nextOffset: number;
}

/** What an operator asked a cluster to do once: a certificate, a snapshot of etcd, to drain a host … */
export type OperatorRequest =
  | {
      readonly kind: 'user-certificate';
      readonly id: string;
      readonly cluster: string;
      readonly csrPem: string;
      readonly user: string;
      readonly ttlSeconds: number;
      readonly createdMs: number;
    }
  | {
      readonly kind: 'smoke-test' | 'snapshot' | 'defragment';
      readonly id: string;
      readonly cluster: string;
      readonly createdMs: number;
    }
  | {
      readonly kind: 'renew-certificates';
      readonly id: string;
      readonly cluster: string;
      /** Null: of every master. */
      readonly node: NodeId | null;
      readonly createdMs: number;
    }
  | HostRequest;

/** Of the requests about one host only the newest counts. */
export type HostRequest =
  | {
      readonly kind: 'cordon' | 'uncordon';
      readonly id: string;
      readonly cluster: string;
      readonly node: NodeId;
      readonly createdMs: number;
    }
  | {
      readonly kind: 'drain';
      readonly id: string;
      readonly cluster: string;
      readonly node: NodeId;
      readonly createdMs: number;
      readonly limits: DrainLimits;
    };

export const operatorRoles = ['admin', 'viewer'] as const;
export type OperatorRole = (typeof operatorRoles)[number];

/** A person or a program that may call from elsewhere; kept when it was revoked, so that it is known. */
export interface OperatorRecord {
  readonly name: string;
  readonly role: OperatorRole;
  readonly state: 'active' | 'revoked';
  readonly createdMs: number;
  readonly certificateTtlMs: number;
  /** Base64 of the SPKI DER of the only key that is this operator; null before the first login. */
  readonly publicKey: string | null;
  readonly loggedInMs: number | null;
  readonly loggedInFrom: string | null;
  /** Of the newest certificate. */
  readonly expiresMs: number | null;
  /** The newest login token; spending it and recording the key is one compare-and-set. */
  readonly login: OperatorLogin | null;
}

export interface OperatorLogin {
  readonly id: string;
  /** Base64url SHA-256 of the secret. */
  readonly secretHash: string;
  readonly expiresMs: number;
  /** The key that spent it: it may ask again until the token expires, for a reply that was lost. */
  readonly spentBy: string | null;
}
