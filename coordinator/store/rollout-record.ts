// A rollout: how what a spec asks for reaches hosts that work, one after the other. It stands in the
// cluster's record, so that each step of it is one compare-and-set; what a host has is in its node's
// record, so that a rollout never says "done" of what was not laid down.
import type { BlockingPod } from '../../shared/model/drain.ts';
import type { NodeId, PlanId } from '../../shared/model/ids.ts';
import type { ArtifactLock } from '../artifacts/lock.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';

/** What hosts were made of before: what a host that fails is taken back to. */
export interface RolloutSource {
  readonly spec: ClusterSpec;
  readonly lock: ArtifactLock;
}

/** Asked for by `apply`, and not begun. */
export interface WantedRollout {
  /** Of the spec that is to be reached. */
  readonly generation: number;
  readonly from: RolloutSource;
}

/**
 * running: hosts are changed. paused: what is under way ends, nothing begins. aborting: what is under
 * way ends, cordons are taken back; then aborted. stopped: a canary failed, or more hosts than the
 * budget has. done: every host is as the spec says.
 */
export type RolloutState = 'running' | 'paused' | 'aborting' | 'aborted' | 'stopped' | 'done';

export const overStates: ReadonlySet<RolloutState> = new Set(['aborted', 'stopped', 'done']);

/**
 * pending → draining → changing → uncordoning → done; a change that fails is taken back, and the host
 * is failed. left: away, or not to be drained now; it is come back to.
 */
export type RolloutHostState =
  | 'pending'
  | 'draining'
  | 'changing'
  | 'taking-back'
  | 'uncordoning'
  | 'done'
  | 'failed'
  | 'left';

export interface RolloutHost {
  readonly state: RolloutHostState;
  readonly sinceMs: number;
  /** Since when the cordon is, or may be, this rollout's: set before it is asked for. Null: it is not. */
  readonly cordonedMs: number | null;
  /** Since when its pods are deleted without asking their budgets: the time of its drain was over. */
  readonly forcedMs?: number;
  /** What it is once it takes pods again. */
  readonly becomes: 'pending' | 'done' | 'failed' | 'left' | null;
  /** Of a host that failed: the words of its plan. */
  readonly why: string | null;
  /** Of a host that was left because it could not be drained: what held its pods. */
  readonly blocking?: readonly BlockingPod[];
  /** False: it could not be brought back to what it had either. */
  readonly isTakenBack?: boolean;
}

export interface RolloutSnapshot {
  readonly planId: PlanId;
  readonly node: NodeId;
  readonly path: string;
  readonly revision: string;
  readonly atMs: number;
}

export interface RolloutRecord {
  readonly id: string;
  readonly generation: number;
  readonly from: RolloutSource;
  readonly beganMs: number;
  readonly state: RolloutState;
  readonly stateSinceMs: number;
  /** Who paused or aborted it; null: nobody did. */
  readonly by: string | null;
  /** What stopped it: the host, by id, and its words. */
  readonly stoppedBy: { readonly nodeId: NodeId; readonly why: string } | null;
  /** Of etcd, before anything of the control plane is touched. Null: not taken yet, or not needed. */
  readonly snapshot: RolloutSnapshot | null;
  readonly hosts: Readonly<Record<NodeId, RolloutHost>>;
}

/** What is kept of a rollout that is over. */
export interface PastRollout
  extends Pick<RolloutRecord, 'id' | 'generation' | 'beganMs' | 'by' | 'snapshot'> {
  readonly endedMs: number;
  readonly state: Extract<RolloutState, 'aborted' | 'stopped' | 'done'> | 'superseded';
  readonly fromVersion: string;
  readonly toVersion: string;
  /** Hosts by where they stood at the end. */
  readonly counts: Readonly<Partial<Record<RolloutHostState, number>>>;
  /** "NAME: why", of those that failed or were left; at most twenty. */
  readonly troubles: readonly string[];
}
