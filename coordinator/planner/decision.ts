// What decide() answers. A wait without {for, since, endsWhen} does not compile: `explain` prints it
// as it is.
import type { NodeId } from '../../shared/model/ids.ts';
import type { Lane, Stage } from '../../shared/model/plan.ts';
import type { ClusterRecord } from '../store/records.ts';

/** A plan before it has a number, dates and a signature. */
export interface PlanDraft {
  readonly nodeId: NodeId;
  readonly lane: Lane;
  readonly goal: string;
  readonly contentKey: string;
  readonly attempt: number;
  readonly factsDigest: string;
  readonly stages: readonly Stage[];
}

export interface Wait {
  /** A node's name, or the cluster's for what concerns no single node. */
  readonly subject: string;
  /** One sentence without the subject: "waits for 1 more control-plane host (2 of 3 have joined)". */
  readonly for: string;
  readonly sinceMs: number;
  /** What will end it, one clause: "a host joins pool control-plane". */
  readonly endsWhen: string;
  /** waiting: it ends by itself. held: an operator has to act. */
  readonly kind: 'waiting' | 'held';
}

/** One failed check of one host. */
export interface PreflightFault {
  readonly check: string;
  readonly node: string;
  readonly severity: 'error' | 'warning';
  readonly found: string;
  readonly needed: string;
  readonly mend: string;
}

export interface Decision {
  /** Plans to issue now; none for a lane with an unfinished plan. */
  readonly issue: readonly PlanDraft[];
  /** The cluster record as it should be; null when it is right as it is. Stored before plans are issued. */
  readonly cluster: ClusterRecord | null;
  readonly waits: readonly Wait[];
  readonly faults: readonly PreflightFault[];
  /** When time alone may change the decision: a retry that becomes due. Null: never. */
  readonly wakeAtMs: number | null;
  /** Per node name: what it is now, for `get nodes`: joining, preparing, etcd, …, ready, left-out. */
  readonly phases: Readonly<Record<string, string>>;
}
