// What decide() answers.
import type { NodeId, PlanId } from '../../shared/model/ids.ts';
import type { Lane, Stage } from '../../shared/model/plan.ts';
import type { AppliedNews, Digests } from '../components/component.ts';
import type { GoalKey } from '../plan-records/goal-key.ts';
import type { ClusterRecord } from '../store/records.ts';
import type { GoOnVerdict } from './go-on.ts';
import type { Phase } from './phase.ts';
import type { PreflightFault } from './preflight/check.ts';
import type { RenewalStanding } from './renewal/standing.ts';
import type { Wait } from './wait.ts';

/** A plan before it has a number, dates and a signature. */
export interface PlanDraft {
  readonly nodeId: NodeId;
  readonly lane: Lane;
  readonly goal: string;
  readonly goalKey: GoalKey;
  /** Components that the host has once the plan is done. */
  readonly brings: Digests;
  readonly attempt: number;
  readonly factsDigest: string;
  readonly stages: readonly Stage[];
}

export interface UnwantedPlan {
  readonly planId: PlanId;
  readonly nodeId: NodeId;
}

export interface Decision {
  /** Plans to issue now; none for a lane with an unfinished plan. */
  readonly issue: readonly PlanDraft[];
  /** The cluster record as it should be; null when it is right as it is. Stored before plans are issued. */
  readonly cluster: ClusterRecord | null;
  /** What hosts are now known to have. Stored before plans are issued. */
  readonly applied: readonly AppliedNews[];
  /** Of every unfinished plan: whether a host that asks may go on with it. */
  readonly goOn: readonly GoOnVerdict[];
  /** Unfinished plans that are to end because nobody wants them any more and they would do harm late. */
  readonly stop?: readonly UnwantedPlan[];
  /** Hosts that have left and whose Node object is gone. Stored before plans are issued. */
  readonly gone?: readonly NodeId[];
  readonly waits: readonly Wait[];
  readonly faults: readonly PreflightFault[];
  /** When time alone may change the decision: a retry that becomes due. Null: never. */
  readonly wakeAtMs: number | null;
  /** Of the masters, by name: when their certificates are renewed, or what that waits for. */
  readonly renewals?: Readonly<Record<string, RenewalStanding>>;
  /** Per node name: where it stands, for `get nodes`. */
  readonly phases: Readonly<Record<string, Phase>>;
}
