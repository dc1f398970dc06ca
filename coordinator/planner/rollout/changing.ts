// The plans by which a rollout changes one host: what it is to have, or, when that failed, what it had.
import type { Digests, HostComponentName } from '../../components/component.ts';
import { changeHost } from '../../runbooks/change-host.ts';
import type { RolloutRecord } from '../../store/rollout-record.ts';
import { changes } from '../changes.ts';
import { desiredOf } from '../desired.ts';
import type { Want } from '../goal.ts';
import { etcdOf, mastersOf, type Situation } from '../situation.ts';
import type { Member } from '../topology.ts';
import { aheadOf, desiredBefore, differenceOf, inTurnOf } from './difference.ts';

const only = (digests: Digests, names: readonly HostComponentName[]): Digests =>
  Object.fromEntries(names.map((name) => [name, digests[name] ?? null])) as Digests;

/** A master whose kubelet starts its static pods again is looked at as in a change of them. */
export function hostOf(situation: Situation, member: Member) {
  const { masters } = situation.cluster;
  const { gateBefore, gateAfter } = changes.upgrade;
  const master = {
    etcd: etcdOf(situation),
    masterHosts: mastersOf(situation),
    gates: { before: gateBefore, after: gateAfter },
  };
  return { host: member, master: masters.includes(member.id) ? master : null };
}

/** What nobody notices, to every host at once. */
export const layDownWant = (situation: Situation, rollout: RolloutRecord, member: Member): Want =>
  wantOf(situation, rollout, {
    member,
    kind: 'lay-down',
    goal: 'lay down what the rollout needs',
    names: aheadOf(differenceOf(situation, member)),
  });

export function changeWant(situation: Situation, rollout: RolloutRecord, member: Member): Want {
  const difference = differenceOf(situation, member);
  const names = [...aheadOf(difference), ...inTurnOf(difference)];
  return wantOf(situation, rollout, { member, kind: 'change-host', goal: 'change host', names });
}

interface Laying extends Pick<Want, 'kind' | 'goal'> {
  readonly member: Member;
  readonly names: readonly HostComponentName[];
}

function wantOf(situation: Situation, rollout: RolloutRecord, laying: Laying): Want {
  const { member, kind, goal, names } = laying;
  const desired = desiredOf(situation, member);
  const brings = only(desired.digests(), names);
  return {
    kind,
    subject: member.id,
    by: member,
    goal,
    inputs: () => [rollout.id, brings],
    brings: () => brings,
    stages: () =>
      changeHost({
        desired: desired.host(),
        components: names,
        kubelet: situation.cluster.spec.kubernetes.version,
        ...hostOf(situation, member),
      }),
  };
}

/** The same parts, as they were before the rollout: as the host's record still says, so it brings no news. */
export function takeBackWant(situation: Situation, rollout: RolloutRecord, member: Member): Want {
  const { from } = rollout;
  const names = inTurnOf(differenceOf(situation, member));
  const before = desiredBefore(situation, member, from);
  const digests = only(before.digests, names);
  const { version } = from.spec.kubernetes;
  return {
    kind: 'take-back',
    subject: member.id,
    by: member,
    goal: 'take host back to what it had',
    inputs: () => [rollout.id, digests],
    stages: () =>
      changeHost({
        desired: before,
        components: names,
        kubelet: version,
        ...hostOf(situation, member),
      }),
  };
}
