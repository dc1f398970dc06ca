// Host preparation: every chosen control-plane host at once, etcd members with them, and every worker
// that passes the preflight, each on its own.
import { type DesiredHost, desiredHost } from '../../components/host/host-components.ts';
import { prepareHost } from '../../runbooks/prepare-host.ts';
import { type Goal, nothing, together, type Wishes, waits, wants } from '../goal.ts';
import { remembered } from '../remembered.ts';
import {
  controlPlaneOf,
  etcdOf,
  has,
  isClockCompared,
  isPrepared,
  materialsOf,
  type Situation,
} from '../situation.ts';
import type { Member } from '../topology.ts';
import { admission } from './admission.ts';

export const prepare: Goal = {
  kind: 'prepare',
  wishes: (situation) => {
    if (situation.cluster.controlPlane === null) return nothing;
    const masters = controlPlaneOf(situation).map((member) => wishesOf(situation, member));
    const workers = situation.topology.workers.map((worker) => wishesOfWorker(situation, worker));
    return together([...masters, ...workers]);
  },
};

function wishesOfWorker(situation: Situation, worker: Member): Wishes {
  if (isPrepared(worker) || admission(situation, worker) !== null) return nothing;
  if (isClockCompared(situation, worker)) return wishesOf(situation, worker);
  return waits({
    subject: worker.name,
    reason: { code: 'clock-unknown' },
    sinceMs: worker.node.record.joinedMs,
  });
}

function wishesOf(situation: Situation, member: Member): Wishes {
  if (isPrepared(member) || !has(member, 'artifacts')) return nothing;
  const desired = () => desiredOf(situation, member);
  return wants({
    kind: 'prepare',
    subject: member.id,
    by: member,
    goal: 'prepare host',
    inputs: () => desired().digests,
    brings: () => desired().digests,
    stages: () => prepareHost(desired()),
  });
}

/** Rendering everything is most of what wanting it costs, and it is wanted until it is there. */
const hosts = remembered<DesiredHost>();

function desiredOf(situation: Situation, member: Member): DesiredHost {
  const { cluster } = situation;
  const { name, address, arch, pool, facts } = member;
  const masters = controlPlaneOf(situation).map((master) => master.address);
  const etcd = etcdOf(situation);
  const host = { name, address, arch, pool, facts: { cgroup: facts.cgroup } };
  return hosts.of(cluster, { host, masters, etcd }, () =>
    desiredHost({
      host,
      spec: cluster.spec,
      cluster: cluster.name,
      materials: materialsOf(situation, member),
      masters,
      etcd,
    }),
  );
}
