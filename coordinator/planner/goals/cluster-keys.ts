// The first master's keys, in a plan before any other: the digest of its CA has to be in the cluster's
// record before anything is written to etcd.
import { makeClusterKeys } from '../../runbooks/init-control-plane.ts';
import { type Goal, nothing, waits, wants } from '../goal.ts';
import { controlPlaneOf, isPrepared } from '../situation.ts';
import { stateOf } from '../want.ts';
import { initInputs } from './init.ts';

export const clusterKeys: Goal = {
  kind: 'cluster-keys',
  wishes: (situation) => {
    const { caDigest, masters } = situation.cluster;
    const first = controlPlaneOf(situation)[0];
    if (caDigest !== null || masters.length > 0 || first === undefined) return nothing;
    if (!isPrepared(first)) return nothing;
    const stages = () => makeClusterKeys(initInputs(situation, first));
    const want = {
      kind: 'cluster-keys',
      subject: first.id,
      by: first,
      goal: 'make cluster keys',
      inputs: stages,
      stages,
    } as const;
    const state = stateOf(situation, want);
    if (state.kind !== 'done') return wants(want);
    // The plan ended well and did not say which CA it made: without that nothing may go on.
    return waits({
      subject: first.name,
      reason: { code: 'ca-digest-unknown', planId: state.plan.planId, name: first.name },
      sinceMs: state.plan.finishedMs ?? state.plan.issuedMs,
    });
  },
};
