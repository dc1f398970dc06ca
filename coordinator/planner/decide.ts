// decide(): what a cluster needs next, from what is known now. Pure and level-triggered: it is asked
// again after every change and never replays anything, so a restart of anything is the same as
// going on. Learn what hosts have, move the state on, ask every goal, grant what may begin.
import { AppError } from '../../shared/errors.ts';
import { learnApplied } from './applied.ts';
import { next } from './cluster-state.ts';
import { controlPlaneChoice } from './control-plane-choice.ts';
import type { Decision } from './decision.ts';
import { judgeGoOn, plansToStop } from './go-on.ts';
import { type Goal, together, type Wishes, waits } from './goal.ts';
import { goals } from './goals/goals.ts';
import { hostWaits } from './host-waits.ts';
import { goneHosts } from './left-hosts.ts';
import { type Phase, phaseOf } from './phase.ts';
import { preflight } from './preflight/preflight.ts';
import { renewalWaits, renewalWakesAtMs } from './renewal/renewal-waits.ts';
import { renewalStandings } from './renewal/standing.ts';
import { rolloutWaits } from './rollout/rollout-waits.ts';
import { rolloutWakesAtMs } from './rollout/rollout-wakes.ts';
import { isPrepared, type Situation, situationOf } from './situation.ts';
import { nextSnapshotMs } from './snapshots.ts';
import { topologyOf } from './topology.ts';
import type { ClusterView, NodeView } from './view.ts';
import type { Wait } from './wait.ts';
import { grant } from './want.ts';

/** @param now milliseconds since 1970 */
export function decide(seen: ClusterView, now: number): Decision {
  const { view, news } = learnApplied(seen);
  const topology = topologyOf(view);
  const faults = preflight({ view, topology, hasBegun });
  const situation = next(situationOf({ view, topology, faults, now }));
  const wishes = together(goals.map((goal) => wishesOf(goal, situation)));
  const granted = grant(situation, wishes.wants);
  const goOn = judgeGoOn(situation, wishes.wants);
  const said = [
    ...hostWaits(situation),
    ...choiceWaits(situation),
    ...wishes.waits,
    ...granted.waits,
    ...rolloutWaits(situation),
    ...renewalWaits(situation),
  ];
  return {
    issue: granted.issue,
    cluster: situation.cluster === view.cluster ? null : situation.cluster,
    applied: news,
    goOn,
    stop: plansToStop(situation, goOn),
    gone: goneHosts(situation),
    waits: said,
    faults,
    wakeAtMs: soonest([
      granted.wakeAtMs,
      rolloutWakesAtMs(situation),
      nextSnapshotMs(situation.cluster, now),
      renewalWakesAtMs(situation),
    ]),
    renewals: renewalStandings(situation),
    phases: phasesOf(situation, said),
  };
}

function soonest(moments: readonly (number | null)[]): number | null {
  const known = moments.filter((ms) => ms !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** What a renderer refuses stops the goal that asked for it, and no other. */
function wishesOf(goal: Goal, situation: Situation): Wishes {
  try {
    return goal.wishes(situation);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'invalid') throw thrown;
    const reason = { code: 'plan-refused', goal: goal.kind, why: thrown.message } as const;
    return waits({ subject: situation.cluster.name, reason, sinceMs: situation.now });
  }
}

/** Its ports and files are our own from then on. */
const hasBegun: Parameters<typeof preflight>[0]['hasBegun'] = (member) =>
  isPrepared(member) || member.node.plans.some(({ goalKey }) => goalKey.kind === 'prepare');

function choiceWaits(situation: Situation): readonly Wait[] {
  if (situation.cluster.controlPlane !== null) return [];
  const choice = controlPlaneChoice(situation);
  return choice.kind === 'open' ? [choice.wait] : [];
}

const membersLast = (a: NodeView, b: NodeView): number =>
  Number(a.record.state === 'active') - Number(b.record.state === 'active');

function phasesOf(situation: Situation, waits: readonly Wait[]): Readonly<Record<string, Phase>> {
  const bySubject = Map.groupBy(waits, ({ subject }) => subject);
  return Object.fromEntries(
    // Of two of a name the one that is a member comes last, and counts.
    situation.view.nodes.toSorted(membersLast).map((node) => {
      const { name } = node.record;
      return [name, phaseOf(situation, node, bySubject.get(name) ?? [])];
    }),
  );
}
