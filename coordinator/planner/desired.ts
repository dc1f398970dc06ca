// What preparing a host lays down, and the digests that say which that is. A turn asks for the digests
// of every host that is being prepared, and rendering all its files is most of what a turn costs: so
// they are kept for as long as nothing that they are made of is another.
import type { Applied, Digests, HostComponentName } from '../components/component.ts';
import { dueComponents } from '../components/host/due-components.ts';
import {
  type DesiredDigests,
  type DesiredHost,
  desiredHost,
} from '../components/host/host-components.ts';
import type { HostInputs } from '../components/host/host-target.ts';
import type { ClusterRecord } from '../store/records.ts';
import { controlPlaneOf, etcdOf, materialsOf, type Situation } from './situation.ts';
import type { Member, Profile } from './topology.ts';

export interface Desired {
  /** Of unchanged inputs the same object. @throws AppError invalid */
  digests(): Digests;
  /** Which components are another than they should be. @throws AppError invalid */
  due(applied: Applied): readonly HostComponentName[];
  /** Rendered at most once. @throws AppError invalid */
  host(): DesiredHost;
}

interface Kept extends Pick<ClusterRecord, 'spec' | 'lock'> {
  /** Everything else that is the cluster's. */
  readonly others: string;
  readonly desired: DesiredDigests;
}

/** By profile: that is another object as soon as anything about the host is another. */
const known = new WeakMap<Profile, Kept>();

export function desiredOf(situation: Situation, member: Member): Desired {
  const { profile } = member;
  const { spec, lock, name: cluster } = situation.cluster;
  let rendered: DesiredHost | null = null;
  const host = (): DesiredHost => {
    rendered ??= desiredHost({ host: profile, spec, cluster, ...othersOf(situation, member) });
    return rendered;
  };
  const kept = (): DesiredDigests => {
    const { masters, etcd } = othersOf(situation, member);
    const others = JSON.stringify([cluster, masters, etcd]);
    const before = known.get(profile);
    if (before?.spec === spec && before.lock === lock && before.others === others)
      return before.desired;
    // The digests only: the files of a thousand hosts would be kept for nobody.
    const { digests, undividedKubernetes } = host();
    const desired = { digests, undividedKubernetes };
    known.set(profile, { spec, lock, others, desired });
    return desired;
  };
  return {
    host,
    digests: () => kept().digests,
    due: (applied) => dueComponents(kept(), applied),
  };
}

const othersOf = (
  situation: Situation,
  member: Member,
): Pick<HostInputs, 'materials' | 'masters' | 'etcd'> => ({
  materials: materialsOf(situation, member),
  masters: controlPlaneOf(situation).map(({ address }) => address),
  etcd: etcdOf(situation),
});
