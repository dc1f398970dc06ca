// What a host that works has otherwise than the spec says: by component, from the digests that were
// laid down. What version 0.1 laid down has no digest and differs from everything; laying it down again
// changes nothing that is right.
import { digestOf } from '../../../shared/canonical.ts';
import { AppError } from '../../../shared/errors.ts';
import type { HostComponentName } from '../../components/component.ts';
import {
  type DesiredHost,
  desiredHost,
  disruptionOf,
} from '../../components/host/host-components.ts';
import { Materials } from '../../components/materials.ts';
import { networkPluginOf } from '../../components/network/network-plugins.ts';
import { clusterDocuments } from '../../render/kubeadm-config.ts';
import { isOtherMinor } from '../../spec/kubernetes-version.ts';
import type { RolloutSource } from '../../store/rollout-record.ts';
import { desiredOf } from '../desired.ts';
import { giftsDiffer } from '../node-gifts.ts';
import { remembered } from '../remembered.ts';
import { controlPlaneOf, etcdOf, mastersOf, type Situation } from '../situation.ts';
import type { Member } from '../topology.ts';

export interface Difference {
  /** In the order in which they are laid down. */
  readonly components: readonly HostComponentName[];
  /** Static pods of the control plane. */
  readonly controlPlane: boolean;
  /** Labels and taints of its Node. */
  readonly labels: boolean;
  /** A renderer refuses what the host is made of: nothing else is known then. */
  readonly refused: string | null;
}

export function differenceOf(situation: Situation, member: Member): Difference {
  try {
    return { ...compared(situation, member), refused: null };
  } catch (thrown) {
    // One host's trouble is not the cluster's.
    if (!(thrown instanceof AppError) || thrown.code !== 'invalid') throw thrown;
    return { components: [], controlPlane: false, labels: false, refused: thrown.message };
  }
}

function compared(situation: Situation, member: Member): Omit<Difference, 'refused'> {
  const { applied } = member.node.record;
  return {
    components: desiredOf(situation, member).due(applied),
    controlPlane:
      situation.cluster.masters.includes(member.id) &&
      applied['control-plane']?.digest !== controlPlaneDigest(situation, member),
    labels: giftsDiffer(situation, member),
  };
}

/** Laid down ahead of everything, because nobody notices: images, tools. */
export const aheadOf = ({ components }: Difference): readonly HostComponentName[] =>
  components.filter((name) => disruptionOf(name) === 'none');

/** Changed when the host's turn has come. */
export const inTurnOf = ({ components }: Difference): readonly HostComponentName[] =>
  components.filter((name) => ['restart', 'drain'].includes(disruptionOf(name)));

/** Its member of etcd is changed as a change of the cluster. */
export const ofEtcd = ({ components }: Difference): boolean => components.includes('etcd');

export const isDifferent = ({ components, controlPlane, labels, refused }: Difference): boolean =>
  components.length > 0 || controlPlane || labels || refused !== null;

/** Pods are moved away first: a runtime is another, or a kubelet of another minor. */
export function needsDrain(
  { cluster }: Situation,
  difference: Difference,
  from: RolloutSource,
): boolean {
  const { spec, lock } = cluster;
  return inTurnOf(difference).some((name) => {
    if (disruptionOf(name) !== 'drain') return false;
    if (name === 'kubernetes')
      return isOtherMinor(spec.kubernetes.version, from.spec.kubernetes.version);
    const versions = (one: typeof lock) =>
      one.artifacts.filter((entry) => runtimeParts.has(entry.name)).map(({ sha256 }) => sha256);
    return digestOf(versions(lock).sort()) !== digestOf(versions(from.lock).sort());
  });
}

const runtimeParts: ReadonlySet<string> = new Set(['containerd', 'runc']);

/** What the host was made of before. */
export function desiredBefore(
  situation: Situation,
  member: Member,
  { spec, lock }: RolloutSource,
): DesiredHost {
  // Its pool as it was: half of a kubelet's settings are the pool's.
  const pool = spec.pools.find(({ name }) => name === member.pool.name) ?? member.pool;
  return desiredHost({
    host: { ...member.profile, pool },
    spec,
    cluster: situation.cluster.name,
    materials: new Materials(lock, member.arch, spec),
    masters: controlPlaneOf(situation).map(({ address }) => address),
    etcd: etcdOf(situation),
  });
}

const digests = remembered<string>();

/** Of what the static pods of the host are rendered from. */
export function controlPlaneDigest(situation: Situation, member: Member): string {
  const options = documentOptions(situation, member);
  const { name, address, pool, labels } = member;
  const { masterAddresses, etcd } = options;
  const from = ['control-plane', name, address, pool.name, labels, masterAddresses, etcd];
  return digests.of(situation.cluster, from, () =>
    digestOf({ address, cluster: clusterDocuments(options).cluster }).slice(0, 16),
  );
}

/** Of what is in the cluster itself: kubeadm's settings, the add-ons, the pod network. */
export function servicesDigest(situation: Situation, member: Member): string {
  const options = documentOptions(situation, member);
  const { masterAddresses, etcd } = options;
  const from = ['services', member.arch, masterAddresses, etcd];
  const { spec, lock } = situation.cluster;
  return digests.of(situation.cluster, from, () => {
    const materials = new Materials(lock, member.arch, spec);
    const manifest = networkPluginOf(spec).manifest(spec, (name) => materials.image(name));
    return digestOf({ ...clusterDocuments(options), manifest }).slice(0, 16);
  });
}

const documentOptions = (situation: Situation, member: Member) => ({
  cluster: situation.cluster.name,
  spec: situation.cluster.spec,
  node: member,
  masterAddresses: controlPlaneOf(situation).map(({ address }) => address),
  etcd: etcdOf(situation),
});

/** What is in the cluster itself is another than the spec says; false before there is a master. */
export function servicesDiffer(situation: Situation): boolean {
  const [first] = mastersOf(situation);
  return (
    first !== undefined && servicesDigest(situation, first) !== situation.cluster.services?.digest
  );
}
