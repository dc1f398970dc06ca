// Snapshots of etcd: the first once the masters that can be there are there, then by the schedule,
// whenever an operator asks, and one before a rollout touches the control plane. Each run has an id of
// its own, which names its file.
import { saveSnapshot } from '../../runbooks/etcd-care.ts';
import { type Goal, nothing, together, type Wishes, waits, wants } from '../goal.ts';
import { stageOf } from '../rollout/rollout-stage.ts';
import { openRollout } from '../rollout/standings.ts';
import { clusterPlans, mastersOf, type Situation } from '../situation.ts';
import { dueSlot, FIRST_RUN, slotId, snapshotHost } from '../snapshots.ts';
import { mastersToCome } from './join.ts';

interface Run {
  /** Of the file, and of the snapshot once it is known. */
  readonly id: string;
  /** What its plans are about: the run itself, or the rollout that it is for. */
  readonly subject: string;
  readonly goal: string;
  /** The operator's request; null: it is due by itself. */
  readonly request: string | null;
  readonly sinceMs: number;
}

export const snapshot: Goal = {
  kind: 'snapshot',
  wishes: (situation) => together(runsOf(situation).map((run) => wishesOf(situation, run))),
};

function runsOf(situation: Situation): readonly Run[] {
  if (mastersOf(situation).length === 0) return [];
  return [
    ...ownRun(situation),
    ...runBeforeRollout(situation),
    ...situation.view.requests
      .filter(({ kind, id }) => kind === 'snapshot' && !isTaken(situation, { id, subject: id }))
      .map(({ id, createdMs }) => ({
        id,
        subject: id,
        goal: 'take an etcd snapshot',
        request: id,
        sinceMs: createdMs,
      })),
  ];
}

function ownRun(situation: Situation): readonly Run[] {
  const { cluster, now } = situation;
  if (cluster.reached['first-snapshot'] === undefined) {
    if (cluster.change !== null || mastersToCome(situation).length > 0) return [];
    const goal = 'take the first etcd snapshot';
    return [{ id: FIRST_RUN, subject: FIRST_RUN, goal, request: null, sinceMs: now }];
  }
  const slot = dueSlot(cluster, now);
  if (slot === null) return [];
  const id = slotId(slot);
  return [{ id, subject: id, goal: 'take an etcd snapshot', request: null, sinceMs: slot }];
}

function runBeforeRollout(situation: Situation): readonly Run[] {
  const rollout = openRollout(situation);
  if (rollout?.state !== 'running' || stageOf(situation, rollout).kind !== 'snapshot') return [];
  return [
    {
      id: `before-${rollout.id}`,
      subject: rollout.id,
      goal: 'take an etcd snapshot before the rollout',
      request: null,
      sinceMs: rollout.stateSinceMs,
    },
  ];
}

function wishesOf(situation: Situation, run: Run): Wishes {
  if (isTaken(situation, run)) return nothing;
  const { cluster } = situation;
  const { id, subject, goal, request, sinceMs } = run;
  const by = snapshotHost(situation, subject);
  if (by === null) {
    const what = subject === id ? 'an etcd snapshot' : 'an etcd snapshot before the rollout';
    const reason = { code: 'no-delegate', what } as const;
    const asked = request === null ? {} : { request };
    return waits({ subject: cluster.name, reason, sinceMs, ...asked });
  }
  const { recoveryKey } = cluster;
  const { keep } = cluster.spec.etcd.snapshots;
  return wants({
    kind: 'snapshot',
    subject,
    by,
    goal,
    inputs: () => subject,
    stages: () =>
      saveSnapshot({
        member: by,
        id,
        cluster: cluster.name,
        keep,
        recoveryKey: recoveryKey ?? null,
      }),
  });
}

const isTaken = (situation: Situation, { id, subject }: Pick<Run, 'id' | 'subject'>): boolean =>
  clusterPlans(situation, 'snapshot', subject).some(({ state }) => state === 'done') ||
  (situation.cluster.snapshots ?? []).some((known) => known.id === id);
