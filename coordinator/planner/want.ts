// From what is wanted to plans: a goal that is due and whose lane is free becomes a draft, any other a
// wait that says why. A host does one plan of its own at a time; the cluster lane takes several.
import { AppError } from '../../shared/errors.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import { CLUSTER_LANE_LIMIT, isFinal } from '../../shared/model/plan.ts';
import { type GoalKind, goalKinds, inputsDigestOf, isAbout } from '../plan-records/goal-key.ts';
import type { PlanRecord } from '../store/records.ts';
import type { PlanDraft } from './decision.ts';
import type { Want } from './goal.ts';
import { type GoalState, goalState } from './goal-state.ts';
import { goalTable } from './goal-table.ts';
import { clusterPlans, goalKeyOf, type Situation } from './situation.ts';
import type { Member } from './topology.ts';
import type { Wait, WaitReason } from './wait.ts';

export interface Granted {
  readonly issue: readonly PlanDraft[];
  readonly waits: readonly Wait[];
  readonly wakeAtMs: number | null;
}

/** What became of a want so far. */
export function stateOf(situation: Situation, want: Want): GoalState {
  const { now } = situation;
  // What a plan brought is in the node's record; that it is wanted again says that it is not as it was.
  const isWantedAgain = want.brings !== undefined || want.again === true;
  return goalState(plansOf(situation, want), { key: keyOf(situation, want), now, isWantedAgain });
}

/**
 * A host's own, or those of every master that acts for it: another one may have begun. One whose agent
 * is away holds nobody up.
 */
function plansOf(situation: Situation, { kind, subject, by }: Want): readonly PlanRecord[] {
  if (goalTable[kind].lane === 'host') return by.node.plans;
  return clusterPlans(situation, kind, subject).filter(
    ({ nodeId, state }) =>
      nodeId === by.id ||
      isFinal(state) ||
      situation.topology.byId.get(nodeId)?.node.online === true,
  );
}

const keyOf = (situation: Situation, want: Want) =>
  goalKeyOf(
    situation,
    {
      kind: want.kind,
      subject: want.subject,
      inputsDigest: inputsDigestOf(want.inputs()),
    },
    want.by,
  );

/** Nothing of what comes before a join goes on with the host until an operator acts. */
export function isHeldUp(situation: Situation, member: Member): boolean {
  return beforeJoin.some((kind) => lastHeld(situation, member, kind) !== null);
}

/** The last plan of the kind, when nothing comes of it until an operator acts; else null. */
export function lastHeld(situation: Situation, member: Member, kind: GoalKind): PlanRecord | null {
  const { plans } = member.node;
  const last = plans.findLast(({ goalKey }) => isAbout(goalKey, kind, member.id));
  if (last === undefined) return null;
  // A retry begins anew, whatever became of the last plan.
  const { generation } = goalKeyOf(situation, last.goalKey, member);
  if (generation !== last.goalKey.generation) return null;
  return goalState(plans, { key: last.goalKey, now: situation.now }).kind === 'held' ? last : null;
}

const beforeJoin = goalKinds.filter((kind) => goalTable[kind].isBeforeJoin);

export function grant(situation: Situation, wanted: readonly Want[]): Granted {
  const issue: PlanDraft[] = [];
  const waits: Wait[] = [];
  const wakes: number[] = [];
  const taken = new Map<NodeId, string>();
  const inLane = new Map<NodeId, number>();
  for (const want of wanted) {
    const { draft, wait, wakeAtMs } = judge(situation, want, { taken, inLane });
    if (wakeAtMs !== null) wakes.push(wakeAtMs);
    if (wait !== null) waits.push({ subject: want.by.name, ...wait });
    if (draft === null) continue;
    if (draft.lane === 'host') taken.set(draft.nodeId, draft.goal);
    else inLane.set(draft.nodeId, (inLane.get(draft.nodeId) ?? runningInLane(want.by)) + 1);
    issue.push(draft);
  }
  return { issue, waits, wakeAtMs: wakes.length === 0 ? null : Math.min(...wakes) };
}

interface Judged {
  readonly draft: PlanDraft | null;
  readonly wait: Answer | null;
  readonly wakeAtMs: number | null;
}

/** What this turn has granted already. */
interface Lanes {
  /** The goal in the host lane. */
  readonly taken: ReadonlyMap<NodeId, string>;
  /** Plans in the cluster lane, those that run included. */
  readonly inLane: ReadonlyMap<NodeId, number>;
}

/** Fewer than an agent takes: some room is left for what is urgent. */
const clusterLaneShare = CLUSTER_LANE_LIMIT - 4;

const runningInLane = ({ node }: Member): number =>
  node.plans.filter((plan) => plan.lane === 'cluster' && !isFinal(plan.state)).length;

function judge(situation: Situation, want: Want, lanes: Lanes): Judged {
  try {
    const state = stateOf(situation, want);
    const wakeAtMs = state.kind === 'backing-off' ? state.untilMs : null;
    if (state.kind !== 'due') return { draft: null, wait: waitFor(want, state), wakeAtMs };
    const wait = blockerOf(situation, want, lanes);
    const draft = wait === null ? draftOf(situation, want, state.attempt) : null;
    return { draft, wait, wakeAtMs };
  } catch (thrown) {
    // A renderer that refuses what one host is made of stops that host, and no other.
    if (!(thrown instanceof AppError) || thrown.code !== 'invalid') throw thrown;
    const reason = { code: 'plan-refused', goal: want.goal, why: thrown.message } as const;
    return { draft: null, wait: { reason, sinceMs: situation.now }, wakeAtMs: null };
  }
}

const laneOf = (want: Want) => goalTable[want.kind].lane;

function draftOf(situation: Situation, want: Want, attempt: number): PlanDraft {
  return {
    nodeId: want.by.id,
    lane: laneOf(want),
    goal: want.goal,
    goalKey: keyOf(situation, want),
    brings: want.brings?.() ?? {},
    attempt,
    factsDigest: want.by.factsDigest,
    stages: want.stages(),
  };
}

type Answer = Omit<Wait, 'subject'>;

/** Why a goal that is due cannot begin; null when it can. */
function blockerOf({ now }: Situation, want: Want, { taken, inLane }: Lanes): Answer | null {
  const { goal, by } = want;
  if (laneOf(want) === 'host') {
    const running = by.node.plans.find((plan) => plan.lane === 'host' && !isFinal(plan.state));
    if (running !== undefined) {
      const reason = {
        code: 'lane-busy',
        goal,
        running: running.goal,
        planId: running.planId,
      } as const;
      return { reason, sinceMs: running.issuedMs };
    }
    const first = taken.get(by.id);
    if (first !== undefined) {
      return { reason: { code: 'lane-busy', goal, running: first, planId: null }, sinceMs: now };
    }
  }
  if (laneOf(want) === 'cluster') {
    const count = inLane.get(by.id) ?? runningInLane(by);
    if (count >= clusterLaneShare)
      return { reason: { code: 'lane-full', goal, count }, sinceMs: now };
  }
  if (by.node.online) return null;
  const heardMs = by.node.lastPollMs ?? by.node.record.joinedMs;
  return { reason: { code: 'agent-away', goal, heardMs }, sinceMs: heardMs };
}

function waitFor(want: Want, state: Exclude<GoalState, { kind: 'due' }>): Answer | null {
  switch (state.kind) {
    case 'done':
      return null;
    case 'running':
      return { reason: runningReason(want, state.plan), sinceMs: runningSince(want, state.plan) };
    case 'backing-off':
      // It goes on in a moment, and nothing has failed; what it waits for, its goal says.
      if (want.again === true && state.plan.state === 'done') return null;
      return {
        reason: {
          code: 'backing-off',
          goal: want.goal,
          attempt: state.plan.attempt,
          attempts: goalTable[want.kind].attempts,
          why: reasonOf(state.plan),
          untilMs: state.untilMs,
        },
        sinceMs: state.plan.finishedMs ?? state.plan.issuedMs,
      };
    case 'held':
      return {
        reason: {
          code: isOlderAgents(state.plan) ? 'older-agent' : 'held',
          goal: want.goal,
          why: reasonOf(state.plan),
          planId: state.plan.planId,
          node: want.by.name,
        },
        sinceMs: state.plan.finishedMs ?? state.plan.issuedMs,
      };
  }
}

/** What is not known to an agent was made by a coordinator that is newer. */
export const isOlderAgents = ({ refusal }: PlanRecord): boolean =>
  refusal === 'unknown-step' || refusal === 'unknown-schema' || refusal === 'agent-too-old';

/** A host that is away works on nothing that anybody knows of. */
function runningReason({ by, goal, kind }: Want, { planId, state }: PlanRecord): WaitReason {
  if (!by.node.online) {
    return { code: 'was-doing', goal, planId, isKnown: by.node.lastPollMs !== null };
  }
  if (state === 'issued') return { code: 'not-taken', goal, planId };
  return { code: 'works-on', goal, planId, doing: by.node.doing[goalTable[kind].lane] };
}

const runningSince = ({ by }: Want, plan: PlanRecord): number =>
  by.node.online ? plan.issuedMs : (by.node.lastPollMs ?? plan.issuedMs);

const reasonOf = (plan: PlanRecord): string =>
  plan.error?.message ??
  plan.message ??
  plan.refusal ??
  (plan.state === 'done' ? 'it ended well, and the host is not as it should be' : 'stopped');
