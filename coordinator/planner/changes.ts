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
  /**
   * Of one whose plan is held. stays: until an operator acts. The others are over, and their host has
   * what it had. stops-rollout: so is the rollout that it is of. ends: nothing else is.
   */
  readonly whenHeld: 'stays' | 'stops-rollout' | 'ends';
}

export const changes: Readonly<Record<ChangeKind, ChangeRow>> = {
  // The first master. kubeadm writes to an etcd that is empty or already ours.
  init: {
    goal: 'init',
    gateBefore: { etcd: true, registry: true, apiServers: [], nodes: [] },
    gateAfter: { etcd: false, subjectNode: true },
    subjectsBecome: 'masters',
    whenHeld: 'stays',
  },
  // A further master, by the host itself.
  join: {
    goal: 'join',
    gateBefore: { etcd: true, registry: false, apiServers: ['masters'], nodes: ['masters'] },
    gateAfter: { etcd: true, subjectNode: true },
    subjectsBecome: 'masters',
    whenHeld: 'stays',
  },
  // The static pods of a master that is one. Its own API server is among those looked at: a control
  // plane that does not work is not made another one.
  upgrade: {
    goal: 'upgrade',
    gateBefore: { etcd: true, registry: false, apiServers: ['masters'], nodes: ['masters'] },
    gateAfter: { etcd: true, subjectNode: true },
    subjectsBecome: 'what-they-were',
    whenHeld: 'stops-rollout',
  },
  // The binary or the unit of a member.
  'update-etcd': {
    goal: 'update-etcd',
    gateBefore: { etcd: true, registry: false, apiServers: ['masters'], nodes: [] },
    gateAfter: { etcd: true, subjectNode: false },
    subjectsBecome: 'what-they-were',
    whenHeld: 'stops-rollout',
  },
  // One member's database, by its own host. The member answers nobody meanwhile.
  defragment: {
    goal: 'defragment',
    gateBefore: { etcd: true, registry: false, apiServers: [], nodes: [] },
    gateAfter: { etcd: true, subjectNode: false },
    subjectsBecome: 'what-they-were',
    whenHeld: 'ends',
  },
  // The certificates of a master and of its member: files, and the static pods that read them.
  renew: {
    goal: 'renew',
    gateBefore: { etcd: true, registry: false, apiServers: ['masters'], nodes: ['masters'] },
    gateAfter: { etcd: true, subjectNode: true },
    subjectsBecome: 'what-they-were',
    whenHeld: 'ends',
  },
};
