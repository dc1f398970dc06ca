// Which plans that hosts have begun are still wanted: asked of every unfinished plan in every turn, and
// signed only for a host that asks, because its machine was started again in the middle of a plan or the
// plan has run out meanwhile. What was right when the plan was made may not be so any more. Pure.
import { AppError } from '../../shared/errors.ts';
import type { PlanId } from '../../shared/model/ids.ts';
import { isFinal } from '../../shared/model/plan.ts';
import { inputsDigestOf } from '../plan-records/goal-key.ts';
import type { PlanRecord } from '../store/records.ts';
import { changes } from './changes.ts';
import type { UnwantedPlan } from './decision.ts';
import type { Want } from './goal.ts';
import { goalTable } from './goal-table.ts';
import { etcdHostsOf, mastersOf, type Situation } from './situation.ts';

/**
 * not-now: wanted, and what has to hold before it disturbs anybody does not hold as far as polls tell.
 * no: its goal is over, not due any more, or wanted with other inputs.
 */
export type GoOn = 'yes' | 'not-now' | 'no';

export interface GoOnVerdict {
  readonly planId: PlanId;
  readonly goOn: GoOn;
}

export function judgeGoOn(situation: Situation, wanted: readonly Want[]): readonly GoOnVerdict[] {
  const open = situation.view.nodes
    .flatMap(({ plans }) => plans)
    .filter(({ state }) => !isFinal(state));
  if (open.length === 0) return [];
  const wants = Map.groupBy(wanted, aboutOf);
  return open.map((plan) => {
    const about = wants.get(aboutOf(plan.goalKey)) ?? [];
    return { planId: plan.planId, goOn: verdictOn(plan, about, situation) };
  });
}

/** Of these verdicts, the plans that must not act late. */
export function plansToStop(
  { view }: Situation,
  verdicts: readonly GoOnVerdict[],
): readonly UnwantedPlan[] {
  const unwanted = new Set(
    verdicts.filter(({ goOn }) => goOn === 'no').map(({ planId }) => planId),
  );
  return view.nodes
    .flatMap(({ plans }) => plans)
    .filter(
      ({ planId, goalKey, stopRequested }) =>
        unwanted.has(planId) && goalTable[goalKey.kind].endsUnwanted && !stopRequested,
    )
    .map(({ planId, nodeId }) => ({ planId, nodeId }));
}

const aboutOf = ({ kind, subject }: Pick<Want, 'kind' | 'subject'>): string => `${kind} ${subject}`;

/** @param about what is wanted of the same kind about the same subject */
function verdictOn(plan: PlanRecord, about: readonly Want[], situation: Situation): GoOn {
  // A retry asks for the same once more: what is under way is what it asks for.
  if (!about.some((want) => inputsOf(want) === plan.goalKey.inputsDigest)) return 'no';
  return isGateOpen(plan, situation) ? 'yes' : 'not-now';
}

/** Null: a renderer refuses what the host is made of now. */
function inputsOf(want: Want): string | null {
  try {
    return inputsDigestOf(want.inputs());
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'invalid') throw thrown;
    return null;
  }
}

/**
 * A change of the control plane goes on while it stands in the cluster's record and every other master
 * and etcd member is heard of. The host measures the gate itself; this is what can be told from here.
 */
function isGateOpen({ nodeId, goalKey }: PlanRecord, situation: Situation): boolean {
  const { change, controlPlane } = situation.cluster;
  const isChange =
    Object.values(changes).some(({ goal }) => goal === goalKey.kind) &&
    controlPlane?.includes(nodeId) === true;
  if (!isChange) return true;
  if (change?.delegate !== nodeId) return false;
  const others = [...mastersOf(situation), ...etcdHostsOf(situation)];
  return others.every(({ id, node }) => node.online || change.subjects.includes(id));
}
