// Hosts become nodes: further masters one at a time, by the change that the cluster's record names;
// then workers all at once, and later each as it comes. Nothing runs on any other host but the making
// of credentials, on one master.
import { digestOf } from '../../../shared/canonical.ts';
import type { SealedSecret } from '../../../shared/model/step.ts';
import { joinMaster, joinWorker } from '../../runbooks/join-node.ts';
import { changeUnderWay } from '../change-under-way.ts';
import { changes } from '../changes.ts';
import { type Goal, nothing, together, type Want, type Wishes, waits, wants } from '../goal.ts';
import { giftsText } from '../node-gifts.ts';
import { controlPlaneDigest } from '../rollout/difference.ts';
import {
  controlPlaneOf,
  etcdOf,
  isNode,
  isPrepared,
  mastersOf,
  recordedCa,
  type Situation,
} from '../situation.ts';
import type { Member } from '../topology.ts';
import type { Wait } from '../wait.ts';
import { isHeldUp, stateOf } from '../want.ts';
import { admission } from './admission.ts';
import { goodCredentials } from './good-credentials.ts';

export const join: Goal = {
  kind: 'join',
  wishes: (situation) =>
    together([
      ...controlPlaneOf(situation).map((member) => wishesOfMaster(situation, member)),
      ...wishesOfWorkers(situation),
    ]),
};

function wishesOfMaster(situation: Situation, member: Member): Wishes {
  const { change, masters } = situation.cluster;
  if (masters.length === 0 || masters.includes(member.id)) return nothing;
  if (change !== null && !(change.kind === 'join' && change.subjects.includes(member.id))) {
    const reason = changeUnderWay(situation, change, 'join');
    return waits({ subject: member.name, reason, sinceMs: change.beganMs });
  }
  // A host that is away does not take the turn: the next one goes first.
  if (change === null && !member.node.online) return waits(agentBeforeJoin(member));
  return change === null ? nothing : joinWith(situation, member);
}

const agentBeforeJoin = ({ name, node }: Member): Wait => ({
  subject: name,
  reason: { code: 'agent-before-join' },
  sinceMs: node.lastPollMs ?? node.record.joinedMs,
});

function masterJoin(situation: Situation, member: Member, sealed: SealedSecret): Want {
  const { gateBefore, gateAfter } = changes.join;
  const inputs = { address: member.address, labels: member.labels };
  return {
    kind: 'join',
    subject: member.id,
    by: member,
    goal: joinGoal(situation, member),
    inputs: () => inputs,
    brings: () => ({
      'control-plane': controlPlaneDigest(situation, member),
      labels: giftsText(member),
    }),
    stages: () =>
      joinMaster(
        {
          member,
          credentials: { sealed, caDigest: recordedCa(situation) },
          etcd: etcdOf(situation),
          masters: mastersOf(situation),
        },
        { before: gateBefore, after: gateAfter },
      ),
  };
}

/** A join that is due needs credentials; one that runs, backs off or is held says so without. */
function joinWith(situation: Situation, member: Member): Wishes {
  const sealed = goodCredentials(situation, member);
  if (sealed === null && joinState(situation, member).kind === 'due') {
    // Of one that calls, the goal that makes them speaks.
    return member.node.online ? nothing : waits(agentBeforeJoin(member));
  }
  return wants(joinOf(situation, member, sealed ?? unsealed));
}

const joinOf = (situation: Situation, member: Member, sealed: SealedSecret): Want =>
  isMasterToBe(situation, member)
    ? masterJoin(situation, member, sealed)
    : workerJoin(situation, member, sealed);

/** What is asked of a join before it is known whether there are credentials for it. */
export const joinState = (situation: Situation, member: Member) =>
  stateOf(situation, joinOf(situation, member, unsealed));

/** It comes to nothing until an operator acts. */
export const isStuck = (situation: Situation, member: Member): boolean =>
  isHeldUp(situation, member) || joinState(situation, member).kind === 'held';

/** Join credentials open in a plan of this goal alone. */
export const joinGoal = (situation: Situation, member: Member): string =>
  isMasterToBe(situation, member) ? 'join control plane' : 'join as worker';

const isMasterToBe = ({ cluster }: Situation, member: Member): boolean =>
  cluster.controlPlane?.includes(member.id) === true;

/** Never in a plan: the state of a goal does not depend on its stages. */
const unsealed: SealedSecret = { encapsulated: '', ciphertext: '', context: '' };

function wishesOfWorkers(situation: Situation): readonly Wishes[] {
  const { cluster, topology } = situation;
  const coming = topology.workers.filter(
    (worker) => !isNode(situation, worker) && admission(situation, worker) === null,
  );
  if (coming.length === 0) return [];
  if (cluster.masters.length === 0) {
    return coming.map((worker) =>
      waits({
        subject: worker.name,
        reason: { code: 'no-master' },
        sinceMs: worker.node.record.joinedMs,
      }),
    );
  }
  const names = mastersToCome(situation).map(({ name }) => name);
  const sinceMs = cluster.change?.beganMs ?? situation.now;
  return coming.map((worker) => {
    if (names.length > 0) {
      return waits({ subject: worker.name, reason: { code: 'masters-first', names }, sinceMs });
    }
    return isPrepared(worker) ? joinWith(situation, worker) : nothing;
  });
}

function workerJoin(situation: Situation, worker: Member, sealed: SealedSecret): Want {
  const inputs = { address: worker.address, labels: worker.labels, taints: worker.pool.taints };
  return {
    kind: 'join',
    subject: worker.id,
    by: worker,
    goal: joinGoal(situation, worker),
    inputs: () => inputs,
    brings: () => ({ node: digestOf(inputs).slice(0, 16), labels: giftsText(worker) }),
    stages: () => joinWorker(worker, { sealed, caDigest: recordedCa(situation) }),
  };
}

/** Masters still to come that are able to: workers wait for these and for no others. */
export function mastersToCome(situation: Situation): readonly Member[] {
  const { cluster, topology } = situation;
  const isAble = (member: Member): boolean => member.node.online && !isStuck(situation, member);
  const subjects = cluster.change?.subjects.flatMap((id) => topology.byId.get(id) ?? []) ?? [];
  // A change that cannot go on holds back the masters behind it, and must not hold back workers.
  if (subjects.some((subject) => !isAble(subject))) return [];
  return controlPlaneOf(situation)
    .filter((member) => !cluster.masters.includes(member.id))
    .filter(isAble);
}
