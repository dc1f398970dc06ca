// Every record of the store, its key and its shape. JSON-safe; times are milliseconds since 1970.
import type { NodeFacts } from '../../shared/model/facts.ts';
import type { NodeId, PlanId } from '../../shared/model/ids.ts';
import type { Lane, PlanState, RefusalReason } from '../../shared/model/plan.ts';
import type { StepError, StepOutputs } from '../../shared/model/progress.ts';
import type { StoredEnvelope } from '../../shared/rpc/codec.ts';
import type { ArtifactLock } from '../artifacts/lock.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';

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
  journal: (id: string): string => `journal/${id}`,
  request: (id: string): string => `request/${id}`,
  requests: 'request/',
} as const;

export interface FleetRecord {
  readonly fleet: string;
  /** Generation of the issuer (rule 22). */
  readonly epoch: number;
  readonly createdMs: number;
}

/** The one record of a cluster: its spec, and what has been decided for good. */
export interface ClusterRecord {
  readonly name: string;
  readonly specYaml: string;
  readonly spec: ClusterSpec;
  readonly lock: ArtifactLock;
  readonly ignoredChecks: readonly string[];
  readonly createdMs: number;
  /** Nodes chosen for the control plane when its pool was complete, in the order they become masters. */
  readonly controlPlane: readonly NodeId[] | null;
  /** The change of the control plane under way: at most one in a cluster, ever (rule 1). */
  readonly change: ControlPlaneChange | null;
  /** Masters whose change is over, the gate after it green. */
  readonly masters: readonly NodeId[];
  /** Every etcd member answered the gate after the first start. */
  readonly etcdReady: boolean;
  /** Digest of the Kubernetes CA, recorded before anything is written to etcd (rule 13). */
  readonly caDigest: string | null;
  /** Raised by `retry`: part of every content key, so holds are released. */
  readonly retryGeneration: number;
}

export interface ControlPlaneChange {
  readonly kind: 'init' | 'join';
  readonly subject: NodeId;
  readonly beganMs: number;
}

export type IdentityState = 'active' | 'locked' | 'retired' | 'evicted' | 'banned';

export interface NodeRecord {
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
  readonly goal: string;
  readonly contentKey: string;
  /** 1 for the first plan of a content key. */
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
  readonly goOn: boolean;
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

/** What an operator asked a cluster to do once: an operator's certificate, a smoke test. */
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
      readonly kind: 'smoke-test';
      readonly id: string;
      readonly cluster: string;
      readonly createdMs: number;
    };
