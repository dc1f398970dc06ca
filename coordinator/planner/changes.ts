// Changes of the control plane and of etcd, as data: what has to be true before one begins and after
// it has ended. At most one is under way in a cluster; it stands in the cluster's record before its
// plan is issued, and leaves it when its plan ended with the gate after it green.
//
// A new kind of change is a word in ChangeKind, a row here and its goal in goals/: without the row
// this does not compile.
import type { GoalKind } from '../plan-records/goal-key.ts';
import type { GateAfter, GateBefore } from '../runbooks/gate.ts';
import type { ChangeKind } from '../store/records.ts';

export interface ChangeRow {
  /** The goal whose plan carries it out. */
  readonly goal: GoalKind;
  /** Measured by the delegate right before it acts. */
  readonly gateBefore: GateBefore;
  /** Measured by the delegate before its plan ends. */
  readonly gateAfter: GateAfter;
  /** What its subjects are in the cluster's record once it is over. */
  readonly subjectsBecome: 'masters' | 'what-they-were';
}

export const changes: Readonly<Record<ChangeKind, ChangeRow>> = {
  // The first master. kubeadm writes to an etcd that is empty or already ours.
  init: {
    goal: 'init',
    gateBefore: { etcd: true, registry: true, apiServers: [], nodes: [] },
    gateAfter: { etcd: false, subjectNode: true },
    subjectsBecome: 'masters',
  },
  // A further master, by the host itself.
  join: {
    goal: 'join',
    gateBefore: { etcd: true, registry: false, apiServers: ['masters'], nodes: ['masters'] },
    gateAfter: { etcd: true, subjectNode: true },
    subjectsBecome: 'masters',
  },
};
