// Whether a worker may become a node now, and why not: said once a turn, asked often.
import { isNameLeaving } from '../left-hosts.ts';
import { hasArtifacts, isPrepared, passes, type Situation } from '../situation.ts';
import type { Member } from '../topology.ts';
import type { WaitReason } from '../wait.ts';

export type Refusal = Extract<
  WaitReason,
  { code: 'left-out' | 'no-auto-join' | 'artifacts-pulled' | 'name-leaving' | 'upgrade-first' }
>;

/** Null: it may. `cluster`: what stops it concerns the whole cluster, and is said there. */
export function admission(situation: Situation, worker: Member): Refusal | 'cluster' | null {
  if (isNameLeaving(situation, worker)) return { code: 'name-leaving' };
  const own = situation.blocking.get(worker.name);
  if (own !== undefined) return { code: 'left-out', faults: own };
  if (!passes(situation, worker)) return 'cluster';
  if (!hasArtifacts(situation, worker)) return artifactsOf(situation);
  const { version } = situation.cluster.spec.kubernetes;
  const serves = situation.cluster.serves ?? version;
  // What is prepared already has the kubelet of before.
  if (serves !== version && !isPrepared(worker)) return { code: 'upgrade-first', version, serves };
  if (!worker.pool.autoJoin) return { code: 'no-auto-join', pool: worker.pool.name };
  return null;
}

function artifactsOf({ cluster, view }: Situation): Refusal {
  const { artifacts } = cluster.lock;
  const missing = artifacts.filter(({ sha256 }) => !view.artifacts.stored.has(sha256)).length;
  return { code: 'artifacts-pulled', missing };
}
