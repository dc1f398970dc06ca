// The runbooks that change a cluster that lives, told for one fleet: the control plane of a master, the
// cluster's services by a master, the components of a master and of a worker.
import type { HostComponentName } from '../../coordinator/components/component.ts';
import { changes } from '../../coordinator/planner/changes.ts';
import { desiredOf } from '../../coordinator/planner/desired.ts';
import { initInputs } from '../../coordinator/planner/goals/init.ts';
import {
  controlPlaneOf,
  etcdOf,
  type Situation,
  situationOf,
} from '../../coordinator/planner/situation.ts';
import { type Member, topologyOf } from '../../coordinator/planner/topology.ts';
import { changeHost } from '../../coordinator/runbooks/change-host.ts';
import { changeClusterServices } from '../../coordinator/runbooks/cluster-services.ts';
import { changeControlPlane } from '../../coordinator/runbooks/upgrade-control-plane.ts';
import type { Stage } from '../../shared/model/plan.ts';
import type { Fleet } from './fleets.ts';
import { type ToldPlan, toldStages } from './plan-lines.ts';

const caDigest = 'ca'.repeat(32);
const { gateBefore: before, gateAfter: after } = changes.join;
const gates = { before, after };

export function changesOf({ view }: Fleet): readonly ToldPlan[] {
  const masters = view.nodes.filter(({ record }) => record.pool === 'control-plane');
  const cluster = { ...view.cluster, controlPlane: masters.map(({ record }) => record.id) };
  const seen = { ...view, cluster };
  const situation = situationOf({ view: seen, topology: topologyOf(seen), faults: [], now: 0 });
  const [first, second] = controlPlaneOf(situation);
  const [worker] = situation.topology.workers;
  if (first === undefined || second === undefined || worker === undefined)
    throw new Error('the fleet is too small to tell of');
  const inputs = {
    ...initInputs(situation, second),
    caDigest,
    masterHosts: controlPlaneOf(situation),
  };
  const everything = Object.keys(desiredOf(situation, second).digests()) as HostComponentName[];
  return [
    told(`control plane of ${second.name}`, changeControlPlane(inputs, gates)),
    told(`services of the cluster, by ${second.name}`, changeClusterServices(inputs)),
    told(`kubeadm and images of ${worker.name}`, ofHost(situation, worker, ['kubeadm'])),
    told(`kubelet of ${second.name}`, ofHost(situation, second, ['kubernetes'])),
    told(`kubelet of ${worker.name}`, ofHost(situation, worker, ['kubernetes'])),
    told(`everything of ${second.name}`, ofHost(situation, second, everything)),
  ];
}

function ofHost(
  situation: Situation,
  member: Member,
  components: readonly HostComponentName[],
): readonly Stage[] {
  const isMaster = member.pool.roles.includes('control-plane');
  const masterHosts = controlPlaneOf(situation);
  return changeHost({
    desired: desiredOf(situation, member).host(),
    components,
    host: member,
    kubelet: situation.cluster.spec.kubernetes.version,
    master: isMaster ? { etcd: etcdOf(situation), masterHosts, gates } : null,
  });
}

const told = (heading: string, stages: readonly Stage[]): ToldPlan => ({
  goal: heading,
  heading,
  brings: [],
  // What is in the files is told where an install writes them.
  stages: toldStages(stages, () => 'rendered'),
});
