// What can be wrong with a cluster that lives: a closed list of codes, each with what is known of it.
// Words are made from these where they are shown (problem-sentences.ts); nobody reads words back.
import type { WatchedUnit } from '../../shared/model/health.ts';
import type { Claim } from '../identity/claims.ts';
import type { RenewalStanding } from '../planner/renewal/standing.ts';

export interface ProblemParams {
  /** The agent does not call. */
  readonly 'agent-away': { readonly isNode: boolean; readonly isMaster: boolean };
  /** The agent calls, and nothing of the last minute is known. */
  readonly 'not-measured': {
    readonly cause: 'starting' | 'none' | 'old' | 'unreadable';
    readonly agentVersion: string;
  };
  /** The agent calls and begins no step. */
  readonly 'agent-trouble': { readonly trouble: string; readonly sentence: string };
  /** It reports something that is another's, and did not when it joined. */
  readonly 'facts-claimed': { readonly claims: readonly Claim[] };
  readonly 'unit-down': {
    readonly unit: WatchedUnit;
    /** loaded, not-found, masked … */
    readonly load: string;
    /** failed (signal), inactive, activating … */
    readonly state: string;
  };
  readonly 'unit-restarting': { readonly unit: WatchedUnit; readonly restarts: number };
  readonly 'kubelet-silent': { readonly message: string };
  readonly 'node-not-ready': { readonly reason: string; readonly message: string };
  readonly 'node-missing': { readonly node: string };
  readonly 'node-pressure': { readonly pressure: string };
  /** The host does not reach the API through its own proxy. */
  readonly 'api-unreachable': { readonly message: string };
  readonly 'api-server-not-ready': { readonly message: string; readonly others: number };
  readonly 'etcd-silent': { readonly message: string };
  readonly 'etcd-alarm': { readonly alarm: string };
  readonly 'etcd-space': { readonly databaseBytes: number; readonly quotaBytes: number };
  /** What was installed is not there any more. */
  readonly 'part-missing': { readonly part: MissingPart };
  /** A probe fails, so nothing is known of it. */
  readonly 'part-unknown': { readonly part: 'units' | 'certificates' | 'disks' | 'memory' };
  readonly 'certificate-ends': {
    readonly family: CertificateFamily;
    readonly count: number;
    /** Of the first to end. */
    readonly path: string;
    /** Whole days that are left; negative when it ended. */
    readonly days: number;
    readonly endsMs: number;
    /** When Muster renews it, or what that waits for; null: that is not Muster's. */
    readonly renewal: RenewalStanding | null;
  };
  readonly 'disk-low': {
    readonly path: string;
    readonly freeBytes: number;
    readonly totalBytes: number;
  };
  readonly 'memory-low': { readonly availableBytes: number; readonly totalBytes: number };
  readonly 'clock-unkept': { readonly service: string | null };
  readonly 'clock-off': { readonly aheadMs: number };
  /** Of the cluster: members that do not take part, or may not. */
  readonly 'etcd-reduced': QuorumParams;
  readonly 'etcd-quorum-lost': QuorumParams;
  /** Enough members are up, and none of them knows of a leader. */
  readonly 'etcd-leaderless': QuorumParams;
  readonly 'etcd-members-differ': {
    readonly listed: readonly string[];
    readonly agreed: readonly string[];
  };
  readonly 'no-api-server': { readonly masters: readonly string[] };
}

export type MissingPart = 'kubelet' | 'api-server' | 'etcd';
export type CertificateFamily = 'kubernetes' | 'etcd' | 'kubelet';

interface QuorumParams {
  readonly voters: number;
  readonly healthy: number;
  readonly needed: number;
  /** Measured as lost, or away while another member misses the majority. */
  readonly missing: readonly string[];
  /** Members of which nothing is known right now. */
  readonly unknown: readonly string[];
}

export type ProblemCode = keyof ProblemParams;

export interface ProblemOf<Code extends ProblemCode> {
  /** A host's name, or the cluster's. */
  readonly subject: string;
  readonly code: Code;
  readonly params: ProblemParams[Code];
  readonly severity: 'warning' | 'error';
  /** By the coordinator's clock; null where only that it is so is known. */
  readonly sinceMs: number | null;
}

export type Problem = { [Code in ProblemCode]: ProblemOf<Code> }[ProblemCode];

/** Errors first, the oldest first among them. */
export const bySeverity = (a: Problem, b: Problem): number =>
  Number(b.severity === 'error') - Number(a.severity === 'error') ||
  (a.sinceMs ?? Number.MAX_SAFE_INTEGER) - (b.sinceMs ?? Number.MAX_SAFE_INTEGER);
