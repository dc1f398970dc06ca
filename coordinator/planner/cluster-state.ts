// The state of a cluster, and what moves it on: next(situation) answers the cluster record as it should
// be now, from what plans ended with and what is known of hosts. Each transition looks at the record and
// at what was observed, says nothing and issues nothing; goals follow from the state (goals/).
//
//   gathering ──the pool is complete and passes──▶ preparing ──every etcd member answers──▶ starting
//        ──the first master is ready──▶ growing ──the last master is ready──▶ running
import { isAbout } from '../plan-records/goal-key.ts';
import type { ClusterRecord, ControlPlaneChange, Milestone, PlanRecord } from '../store/records.ts';
import { changes } from './changes.ts';
import { controlPlaneChoice } from './control-plane-choice.ts';
import { isDefragmentationOver, nextToDefragment } from './defragmentation.ts';
import { goodCredentials } from './goals/good-credentials.ts';
import { isStuck } from './goals/join.ts';
import { INSTALL_RUN } from './goals/smoke-test.ts';
import { beginRenewal, giveUpRenewal } from './renewal/begin-renewal.ts';
import { beginRolloutChange, giveUpChange } from './rollout/begin-change.ts';
import { servicesDigest } from './rollout/difference.ts';
import { beginRollout, moveRollout, recordServices, recordSnapshot } from './rollout/rollouts.ts';
import { clusterPlans, controlPlaneOf, has, type Situation } from './situation.ts';
import { learnSnapshots } from './snapshots.ts';
import { etcdEndpoint, type Member } from './topology.ts';

type Transition = (situation: Situation) => ClusterRecord;

/** In this order: what ends comes before what begins. */
const transitions: readonly Transition[] = [
  endChange,
  giveUpDefragmentation,
  learnSnapshots,
  recordCaDigest,
  chooseControlPlane,
  agreeOnEtcd,
  beginInit,
  beginJoin,
  beginDefragmentation,
  reachMilestones,
  giveUpChange,
  giveUpRenewal,
  beginRollout,
  recordSnapshot,
  recordServices,
  moveRollout,
  beginRolloutChange,
  beginRenewal,
];

/** The situation with the cluster record as it should be; the same record when nothing changed. */
export function next(situation: Situation): Situation {
  let now = situation;
  for (const transition of transitions) {
    const cluster = transition(now);
    if (cluster !== now.cluster) now = { ...now, cluster };
  }
  return now;
}

function endChange(situation: Situation): ClusterRecord {
  const { cluster, topology } = situation;
  const { change } = cluster;
  const delegate = change === null ? undefined : topology.byId.get(change.delegate);
  if (change === null || delegate === undefined) return cluster;
  const { goal, subjectsBecome } = changes[change.kind];
  const plan = donePlan(delegate, goal, change.delegate);
  // One of an earlier change of the same kind ends nothing.
  if (plan === undefined || plan.sequence <= (change.numbersBefore?.[plan.lane] ?? 0)) {
    return cluster;
  }
  if (change.kind === 'renew') {
    const renewed = { beganMs: change.beganMs, atMs: plan.finishedMs ?? plan.issuedMs };
    return {
      ...cluster,
      change: null,
      renewed: { ...cluster.renewed, [change.delegate]: renewed },
    };
  }
  if (subjectsBecome === 'what-they-were') return { ...cluster, change: null };
  const joined = change.subjects.filter((id) => !cluster.masters.includes(id));
  const after = { ...cluster, change: null, masters: [...cluster.masters, ...joined] };
  if (change.kind !== 'init') return after;
  // What a first master puts into the cluster is of the spec as it was then; a later one differs.
  const digest = servicesDigest(situation, delegate);
  const services = { digest, atMs: plan.finishedMs ?? plan.issuedMs };
  return { ...after, services, serves: cluster.spec.kubernetes.version };
}

function giveUpDefragmentation(situation: Situation): ClusterRecord {
  const { cluster } = situation;
  return isDefragmentationOver(situation) ? { ...cluster, change: null } : cluster;
}

const digestForm = /^[0-9a-f]{64}$/;

function recordCaDigest(situation: Situation): ClusterRecord {
  const { cluster } = situation;
  const first = controlPlaneOf(situation)[0];
  if (cluster.caDigest !== null || first === undefined) return cluster;
  const plan = donePlan(first, 'cluster-keys', first.id);
  const digest = plan?.steps.find(({ stepId }) => stepId === 'ca-digest')?.outputs['caDigest'];
  return digest !== undefined && digestForm.test(digest)
    ? { ...cluster, caDigest: digest }
    : cluster;
}

/** Fixed once: the hosts that complete the pool first and pass the preflight. */
function chooseControlPlane(situation: Situation): ClusterRecord {
  const { cluster } = situation;
  if (cluster.controlPlane !== null) return cluster;
  const choice = controlPlaneChoice(situation);
  if (choice.kind === 'open') return cluster;
  return { ...cluster, controlPlane: choice.members.map(({ id }) => id) };
}

/** Every member's own plan ended with the etcd gate: that is the gate after the first start. */
function agreeOnEtcd(situation: Situation): ClusterRecord {
  const { cluster, now } = situation;
  const hosts = controlPlaneOf(situation);
  const isWhole = hosts.length > 0 && hosts.length === cluster.controlPlane?.length;
  if (cluster.etcd !== null || !isWhole || !hosts.every((host) => has(host, 'etcd')))
    return cluster;
  const members = hosts.map((host) => ({
    nodeId: host.id,
    ...etcdEndpoint(host),
    memberId: null,
    learner: false,
  }));
  return { ...cluster, etcd: { members, agreedMs: now } };
}

function beginInit(situation: Situation): ClusterRecord {
  const { cluster } = situation;
  const first = controlPlaneOf(situation)[0];
  const isDue = cluster.masters.length === 0 && cluster.etcd !== null && cluster.caDigest !== null;
  return first !== undefined && isDue ? begin(situation, 'init', first) : cluster;
}

/** The first in order that is there, is not held, and has what it needs to join. */
function beginJoin(situation: Situation): ClusterRecord {
  const { cluster } = situation;
  if (cluster.masters.length === 0 || cluster.change !== null) return cluster;
  const subject = controlPlaneOf(situation).find(
    (member) =>
      !cluster.masters.includes(member.id) &&
      member.node.online &&
      !isStuck(situation, member) &&
      goodCredentials(situation, member) !== null,
  );
  return subject === undefined ? cluster : begin(situation, 'join', subject);
}

function beginDefragmentation(situation: Situation): ClusterRecord {
  const next = nextToDefragment(situation);
  return next === null ? situation.cluster : begin(situation, 'defragment', next);
}

function begin(
  { cluster, now }: Situation,
  kind: ControlPlaneChange['kind'],
  subject: Member,
): ClusterRecord {
  if (cluster.change !== null) return cluster;
  const { id, node } = subject;
  const numbersBefore = node.record.sequence;
  return {
    ...cluster,
    change: { kind, subjects: [id], delegate: id, beganMs: now, numbersBefore },
  };
}

function reachMilestones(situation: Situation): ClusterRecord {
  const { cluster } = situation;
  const snapshot = [...situation.acting.values()]
    .flat()
    .find(({ goalKey, state }) => goalKey.kind === 'snapshot' && state === 'done');
  const smoke = clusterPlans(situation, 'smoke-test', INSTALL_RUN).find(
    ({ state }) => state === 'done',
  );
  return reach(reach(cluster, 'first-snapshot', snapshot), 'smoke-test', smoke);
}

function reach(
  cluster: ClusterRecord,
  milestone: Milestone,
  plan: PlanRecord | undefined,
): ClusterRecord {
  if (plan === undefined || cluster.reached[milestone] !== undefined) return cluster;
  const atMs = plan.finishedMs ?? plan.issuedMs;
  return { ...cluster, reached: { ...cluster.reached, [milestone]: { atMs } } };
}

/** The newest: a retry may have made another one. */
const donePlan = (
  { node }: Member,
  kind: Parameters<typeof isAbout>[1],
  subject: string,
): PlanRecord | undefined =>
  node.plans.findLast((plan) => plan.state === 'done' && isAbout(plan.goalKey, kind, subject));
