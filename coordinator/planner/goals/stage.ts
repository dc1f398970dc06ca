// Every host fetches what it will need as soon as it has joined. Staging touches the agent's own
// directory only, so it needs no gate; a host that may become no node stages nothing.
import { digestOf } from '../../../shared/canonical.ts';
import { artifactNamesFor } from '../../components/bill-of-materials.ts';
import type { Digests } from '../../components/component.ts';
import { findArtifact } from '../../components/materials.ts';
import { stageArtifacts } from '../../runbooks/stage-artifacts.ts';
import { type Goal, nothing, together, wants } from '../goal.ts';
import { openRollout } from '../rollout/standings.ts';
import {
  hasArtifacts,
  isCurrent,
  isPrepared,
  materialsOf,
  passes,
  type Situation,
} from '../situation.ts';
import type { Member } from '../topology.ts';

export const stage: Goal = {
  kind: 'stage',
  wishes: (situation) =>
    together(situation.topology.members.map((member) => wishesOf(situation, member))),
};

function wishesOf(situation: Situation, member: Member) {
  if (!hasArtifacts(situation, member)) return nothing;
  // What runs is changed by rollouts; what they need is fetched before anything else of them.
  const isWanted = isPrepared(member)
    ? member.node.online && openRollout(situation)?.hosts[member.id] !== undefined
    : passes(situation, member);
  if (!isWanted) return nothing;
  const brings = artifactsBrought(situation, member);
  if (isCurrent(member, brings)) return nothing;
  const names = artifactNamesFor(situation.cluster.spec, member.pool.roles);
  return wants({
    kind: 'stage',
    subject: member.id,
    by: member,
    goal: 'stage artifacts',
    inputs: () => brings,
    brings: () => brings,
    stages: () => stageArtifacts(names, materialsOf(situation, member)),
  });
}

export const artifactsBrought = (situation: Situation, member: Member): Digests => ({
  artifacts: stagedDigest(situation, member),
});

/** Of what a host has to have before it is prepared. */
export function stagedDigest({ cluster }: Situation, member: Member): string {
  const names = artifactNamesFor(cluster.spec, member.pool.roles);
  const digests = names.map((name) => findArtifact(cluster.lock, name, member.arch)?.sha256 ?? '');
  return digestOf(digests).slice(0, 16);
}
