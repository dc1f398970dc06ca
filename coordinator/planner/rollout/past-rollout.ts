// What is kept of a rollout when the next one begins.
import type { PastRollout, RolloutHost, RolloutRecord } from '../../store/rollout-record.ts';
import type { Situation } from '../situation.ts';
import { standingsOf } from './standings.ts';

const mostTroubles = 20;
const longest = 300;

export function pastRollout(situation: Situation, rollout: RolloutRecord): PastRollout {
  const { id, generation, beganMs, by, snapshot, state, from } = rollout;
  const counts: Partial<Record<RolloutHost['state'], number>> = {};
  for (const host of Object.values(rollout.hosts)) {
    counts[host.state] = (counts[host.state] ?? 0) + 1;
  }
  const troubles = standingsOf(situation, rollout)
    .filter(({ host }) => host.state === 'failed' || host.state === 'left')
    .map(({ member, host }) => `${member.name}: ${host.why ?? leftWords(host)}`.slice(0, longest))
    .slice(0, mostTroubles);
  const isOver = state === 'aborted' || state === 'stopped' || state === 'done';
  return {
    ...{ id, generation, beganMs, by, snapshot, counts, troubles },
    endedMs: isOver ? rollout.stateSinceMs : situation.now,
    state: isOver ? state : 'superseded',
    fromVersion: from.spec.kubernetes.version,
    // The spec that replaces it may be another already: it is known only of one that ended well.
    toVersion: situation.cluster.serves ?? from.spec.kubernetes.version,
  };
}

const leftWords = ({ blocking = [] }: RolloutHost): string => {
  const [first] = blocking;
  return first === undefined ? 'away' : `not drained: ${first.namespace}/${first.pod}`;
};
