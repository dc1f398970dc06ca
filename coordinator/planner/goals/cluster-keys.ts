// The first master's keys, in a plan before any other: the digest of its CA has to be in the cluster's
// record before anything is written to etcd.
import type { Stage } from '../../../shared/model/plan.ts';
import { isAbout } from '../../plan-records/goal-key.ts';
import { makeClusterKeys } from '../../runbooks/init-control-plane.ts';
import { type Goal, nothing, waits, wants } from '../goal.ts';
import { remembered } from '../remembered.ts';
import { controlPlaneOf, goalKeyOf, isPrepared } from '../situation.ts';
import { initInputs } from './init.ts';

/** Wanted until they are made. */
const keysOf = remembered<readonly Stage[]>();

export const clusterKeys: Goal = {
  kind: 'cluster-keys',
  wishes: (situation) => {
    const { caDigest, masters } = situation.cluster;
    const first = controlPlaneOf(situation)[0];
    if (caDigest !== null || masters.length > 0 || first === undefined) return nothing;
    if (!isPrepared(first)) return nothing;
    const inputs = initInputs(situation, first);
    const { name, address, labels, pool } = first;
    const from = {
      host: { name, address, labels, pool },
      masters: inputs.masters,
      etcd: inputs.etcd,
    };
    const stages = () => keysOf.of(situation.cluster, from, () => makeClusterKeys(inputs));
    const about = { kind: 'cluster-keys', subject: first.id } as const;
    const { generation } = goalKeyOf(situation, { ...about, inputsDigest: '' }, first);
    const done = first.node.plans.findLast(
      ({ state, goalKey }) =>
        state === 'done' &&
        isAbout(goalKey, about.kind, about.subject) &&
        goalKey.generation === generation,
    );
    if (done === undefined) {
      return wants({ ...about, by: first, goal: 'make cluster keys', inputs: stages, stages });
    }
    // The plan ended well and did not say which CA it made: without that nothing may go on.
    return waits({
      subject: first.name,
      reason: { code: 'ca-digest-unknown', planId: done.planId, name: first.name },
      sinceMs: done.finishedMs ?? done.issuedMs,
    });
  },
};
