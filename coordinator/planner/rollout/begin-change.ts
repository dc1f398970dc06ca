// The changes of the control plane and of etcd that a rollout needs, one at a time: begun here, ended
// like any other (cluster-state.ts). One that came to nothing is over too, and stops the rollout: its
// host was brought back to what it had.

import { isOpenAt } from '../../spec/maintenance-window.ts';
import type { ChangeKind, ClusterRecord } from '../../store/records.ts';
import { changes } from '../changes.ts';
import type { Situation } from '../situation.ts';
import { lastHeld } from '../want.ts';
import { wordsOf } from './host-moves.ts';
import { stageOf } from './rollout-stage.ts';
import { openRollout } from './standings.ts';

const changeOfStage = { etcd: 'update-etcd', 'control-plane': 'upgrade' } as const;

export function beginRolloutChange(situation: Situation): ClusterRecord {
  const { cluster, now } = situation;
  const rollout = openRollout(situation);
  if (rollout?.state !== 'running' || cluster.change !== null) return cluster;
  const stage = stageOf(situation, rollout);
  if (stage.kind !== 'etcd' && stage.kind !== 'control-plane') return cluster;
  const [subject] = stage.members;
  // A master that is away is waited for: without it nothing may be newer than what it runs.
  if (subject === undefined || !subject.node.online) return cluster;
  if (!isOpenAt(cluster.spec.rollout.windows, now)) return cluster;
  const kind: ChangeKind = changeOfStage[stage.kind];
  const { id, node } = subject;
  const numbersBefore = node.record.sequence;
  const change = { kind, subjects: [id], delegate: id, beganMs: now, numbersBefore };
  const raisedTo = kind === 'upgrade' ? cluster.spec.kubernetes.version : cluster.raisedTo;
  return { ...cluster, change, ...(raisedTo === undefined ? {} : { raisedTo }) };
}

export function giveUpChange(situation: Situation): ClusterRecord {
  const { cluster, topology, now } = situation;
  const { change } = cluster;
  const rollout = openRollout(situation);
  if (change === null || rollout === null) return cluster;
  if (changes[change.kind].whenHeld !== 'stops-rollout') return cluster;
  const subject = topology.byId.get(change.delegate);
  if (subject === undefined) return cluster;
  const held = lastHeld(situation, subject, changes[change.kind].goal);
  if (held === null || held.sequence <= (change.numbersBefore?.[held.lane] ?? 0)) return cluster;
  const why = wordsOf(held);
  return {
    ...cluster,
    change: null,
    rollout: {
      ...rollout,
      state: rollout.state === 'aborting' ? 'aborting' : 'stopped',
      stateSinceMs: now,
      stoppedBy: { nodeId: subject.id, why },
    },
  };
}
