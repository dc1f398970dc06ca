// What the parts of an install share in one turn: who is who, the gates' answers so far, and the
// ways to want a goal. Built once per decide().
import { digestOf } from '../../shared/canonical.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { Lane, Stage } from '../../shared/model/plan.ts';
import { artifactNamesFor, findArtifact, Materials } from '../components/bill-of-materials.ts';
import type { PlanRecord } from '../store/records.ts';
import type { PreflightFault } from './decision.ts';
import type { GoalState } from './goals.ts';
import { isBlocking } from './preflight/preflight.ts';
import type { Member, Topology } from './topology.ts';
import type { Turn } from './turn.ts';
import type { ClusterView } from './view.ts';

export interface InstallContext {
  readonly view: ClusterView;
  readonly topology: Topology;
  readonly turn: Turn;
  readonly faults: readonly PreflightFault[];
  materials(member: Member): Materials;
  /** Every artifact the member needs is locked and in the coordinator's store. */
  hasArtifacts(member: Member): boolean;
  passes(member: Member): boolean;
  /** An agent can only tell after its first answer; until then the clock check has nothing to judge. */
  isClockCompared(member: Member): boolean;
  /** Members by id, in that order; ids of hosts that are gone are passed over. */
  membersOf(ids: readonly NodeId[]): readonly Member[];
  /** Hosts chosen for the control plane; empty before they are. */
  controlPlane(): readonly Member[];
  masters(): readonly Member[];
  /** A master whose agent is there, to act on the cluster; null when none is. */
  delegate(): Member | null;
  isDone(member: Member, slug: string): boolean;
  /** Wants a goal of the host lane that is over for good once a plan of it is done. */
  wantOnce(member: Member, goal: OnceGoal): GoalState;
}

export interface OnceGoal {
  readonly slug: string;
  readonly goal: string;
  readonly stages: readonly Stage[];
  /** @default host */
  readonly lane?: Lane;
  /** What makes two plans the same; by default the stages themselves. */
  readonly inputs?: unknown;
}

export interface ContextInputs {
  readonly view: ClusterView;
  readonly topology: Topology;
  readonly turn: Turn;
  readonly faults: readonly PreflightFault[];
}

export function installContext(inputs: ContextInputs): InstallContext {
  const { view, topology, turn, faults } = inputs;
  const { lock, spec } = view.cluster;
  const blocked = new Set(faults.filter(isBlocking).map((fault) => fault.node));

  const materials = (member: Member): Materials => new Materials(lock, member.arch, spec);
  const hasArtifacts = (member: Member): boolean =>
    artifactNamesFor(member.pool.roles).every((name) => {
      const locked = findArtifact(lock, name, member.arch);
      return locked !== null && view.storedArtifacts.has(locked.sha256);
    });
  const membersOf = (ids: readonly NodeId[]): readonly Member[] =>
    ids.flatMap((id) => topology.byId.get(id) ?? []);
  const masters = (): readonly Member[] => membersOf(turn.cluster.masters);
  const prefix = (member: Member, slug: string): string => `${slug}/${member.id}/`;
  const donePlan = (member: Member, slug: string): PlanRecord | undefined =>
    member.node.plans.find(
      (plan) => plan.state === 'done' && plan.contentKey.startsWith(prefix(member, slug)),
    );

  return {
    view,
    topology,
    turn,
    faults,
    materials,
    hasArtifacts,
    passes: (member) => !blocked.has(member.name) && !blocked.has(view.cluster.name),
    isClockCompared: (member) =>
      member.facts.clockSkewMs !== null ||
      view.cluster.ignoredChecks.some((check) => check === 'clock' || check === 'all'),
    membersOf,
    controlPlane: () => membersOf(turn.cluster.controlPlane ?? []),
    masters,
    delegate: () => masters().find((member) => member.node.online) ?? null,
    isDone: (member, slug) => donePlan(member, slug) !== undefined,
    wantOnce: (member, goal) => {
      const done = donePlan(member, goal.slug);
      if (done !== undefined) return { kind: 'done', plan: done };
      const key = `${prefix(member, goal.slug)}${digestOf(goal.inputs ?? goal.stages).slice(0, 12)}`;
      const lane = goal.lane ?? 'host';
      return turn.want({ member, lane, goal: goal.goal, key, stages: () => goal.stages });
    },
  };
}
