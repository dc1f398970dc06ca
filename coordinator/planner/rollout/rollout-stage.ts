// Which part of a rollout is on, told from what hosts have and not from what was done: artifacts
// everywhere, a snapshot of etcd, what nobody notices, etcd's members, the control plane, what is in the
// cluster itself, then hosts. Each begins when nothing of the one before is left.
import type { RolloutRecord } from '../../store/rollout-record.ts';
import { artifactsBrought } from '../goals/stage.ts';
import { heldLabels } from '../label-plans.ts';
import { hasArtifacts, isCurrent, mastersOf, type Situation } from '../situation.ts';
import type { Member } from '../topology.ts';
import { lastHeld } from '../want.ts';
import { aheadOf, type Difference, differenceOf, ofEtcd, servicesDigest } from './difference.ts';
import { standingsOf } from './standings.ts';

export type RolloutStage =
  /** The coordinator fetches what hosts will fetch. */
  | { readonly kind: 'pulling' }
  | { readonly kind: 'staging'; readonly members: readonly Member[] }
  | {
      readonly kind: 'ahead';
      readonly members: readonly Member[];
      /** Of these, who lays something down. */
      readonly layDown: readonly Member[];
      /** Of these, whose Nodes are given other labels or taints: a master does it, they may be away. */
      readonly labels: readonly Member[];
    }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'etcd' | 'control-plane'; readonly members: readonly Member[] }
  | { readonly kind: 'services'; readonly digest: string }
  | { readonly kind: 'hosts' };

interface Looked {
  readonly member: Member;
  readonly difference: Difference;
}

/** Asked by every goal of a rollout in a turn. */
const told = new WeakMap<
  Situation,
  { readonly rollout: RolloutRecord; readonly stage: RolloutStage }
>();

export function stageOf(situation: Situation, rollout: RolloutRecord): RolloutStage {
  const before = told.get(situation);
  if (before?.rollout === rollout) return before.stage;
  const stage = lookAt(situation, rollout);
  told.set(situation, { rollout, stage });
  return stage;
}

function lookAt(situation: Situation, rollout: RolloutRecord): RolloutStage {
  const { masters } = situation.cluster;
  const looked = standingsOf(situation, rollout).map(({ member }) => ({
    member,
    difference: differenceOf(situation, member),
  }));
  // What the lock does not have at all is never there: that host fails by itself.
  const known = looked.filter(({ difference }) => difference.refused === null);
  if (!known.every(({ member }) => hasArtifacts(situation, member))) return { kind: 'pulling' };
  const isMaster = ({ id }: Member): boolean => masters.includes(id);
  /** A worker that is away, or cannot get on, holds nobody up; without a master nothing goes on. */
  const isWaitedFor = (member: Member, kind: 'stage' | 'lay-down'): boolean =>
    isMaster(member) || (member.node.online && lastHeld(situation, member, kind) === null);
  const staging = looked.filter(
    ({ member, difference }) =>
      difference.components.length > 0 &&
      !isCurrent(member, artifactsBrought(situation, member)) &&
      isWaitedFor(member, 'stage'),
  );
  if (staging.length > 0) return { kind: 'staging', members: membersOf(staging) };
  const inEtcd = looked.filter(({ difference }) => ofEtcd(difference));
  const controlPlane = looked.filter(({ difference }) => difference.controlPlane);
  const touchesMasters = inEtcd.length > 0 || controlPlane.length > 0;
  if (touchesMasters && rollout.snapshot === null) return { kind: 'snapshot' };
  const ahead = looked.filter(
    ({ member, difference }) => aheadOf(difference).length > 0 && isWaitedFor(member, 'lay-down'),
  );
  const labelled = looked.filter(
    ({ member, difference }) => difference.labels && heldLabels(situation, member) === null,
  );
  if (ahead.length > 0 || labelled.length > 0) {
    const both = looked.filter((one) => ahead.includes(one) || labelled.includes(one));
    return {
      kind: 'ahead',
      members: membersOf(both),
      layDown: membersOf(ahead),
      labels: membersOf(labelled),
    };
  }
  if (inEtcd.length > 0) return { kind: 'etcd', members: inOrder(situation, inEtcd) };
  if (controlPlane.length > 0)
    return { kind: 'control-plane', members: inOrder(situation, controlPlane) };
  const [first] = mastersOf(situation);
  if (first !== undefined) {
    const digest = servicesDigest(situation, first);
    if (digest !== situation.cluster.services?.digest) return { kind: 'services', digest };
  }
  return { kind: 'hosts' };
}

const membersOf = (looked: readonly Looked[]): readonly Member[] =>
  looked.map(({ member }) => member);

/** The first master first: kubeadm's own order. */
function inOrder({ cluster }: Situation, looked: readonly Looked[]): readonly Member[] {
  const place = ({ id }: Member): number => {
    const index = cluster.masters.indexOf(id);
    return index < 0 ? cluster.masters.length : index;
  };
  return membersOf(looked).toSorted((a, b) => place(a) - place(b));
}
