// Who is what in a cluster: hosts by role, with the addresses and names plans are made of.
import type { NodeFacts } from '../../shared/model/facts.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { EtcdEndpoint } from '../../shared/model/step.ts';
import { artifactArchitecture } from '../components/materials.ts';
import type { ClusterSpec, PoolSpec } from '../spec/cluster-spec.ts';
import type { FactsRecord, NodeRecord } from '../store/records.ts';
import { nodeAddress } from './node-address.ts';
import type { ClusterView, NodeView } from './view.ts';

/** What a host is: of its identity, its facts and the spec. The same object while these are the same. */
export interface Profile {
  readonly id: NodeId;
  readonly name: string;
  readonly pool: PoolSpec;
  readonly facts: NodeFacts;
  readonly factsDigest: string;
  /** Empty when none was found: preflight fails then. */
  readonly address: string;
  readonly arch: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A joined, active host whose facts are known. */
export interface Member extends Profile {
  readonly node: NodeView;
  readonly profile: Profile;
}

export interface Topology {
  readonly members: readonly Member[];
  readonly controlPlanePool: PoolSpec | null;
  /** Of the control-plane pool, in the order they joined. */
  readonly controlPlaneCandidates: readonly Member[];
  /** Of pools with the role etcd. */
  readonly etcdCandidates: readonly Member[];
  readonly workers: readonly Member[];
  readonly byId: ReadonlyMap<NodeId, Member>;
}

const hasRole = (pool: PoolSpec, role: PoolSpec['roles'][number]): boolean =>
  pool.roles.includes(role);
const isMaster = (pool: PoolSpec): boolean => hasRole(pool, 'control-plane');

export function topologyOf(view: ClusterView): Topology {
  const { spec } = view.cluster;
  const pools = new Map(spec.pools.map((pool) => [pool.name, pool]));
  const members = view.nodes.flatMap((node) => {
    const pool = pools.get(node.record.pool);
    if (pool === undefined || node.facts === null || node.record.state !== 'active') return [];
    const profile = profileOf(node.record, node.facts, { spec, pool });
    return [{ ...profile, profile, node }];
  });
  members.sort(
    (a, b) => a.node.record.joinedMs - b.node.record.joinedMs || (a.name < b.name ? -1 : 1),
  );
  return {
    members,
    controlPlanePool: spec.pools.find(isMaster) ?? null,
    controlPlaneCandidates: members.filter(({ pool }) => isMaster(pool)),
    etcdCandidates: members.filter(({ pool }) => hasRole(pool, 'etcd')),
    workers: members.filter(({ pool }) => !isMaster(pool) && hasRole(pool, 'worker')),
    byId: new Map(members.map((member) => [member.id, member])),
  };
}

interface Known {
  readonly record: NodeRecord;
  readonly spec: ClusterSpec;
  readonly profile: Profile;
}

/** A fleet's facts hardly ever change, and a decision is made after every poll. */
const known = new WeakMap<FactsRecord, Known>();

function profileOf(
  record: NodeRecord,
  facts: FactsRecord,
  where: { readonly spec: ClusterSpec; readonly pool: PoolSpec },
): Profile {
  const before = known.get(facts);
  if (before?.record === record && before.spec === where.spec) return before.profile;
  const { name } = record;
  const profile: Profile = {
    id: record.id,
    name,
    pool: where.pool,
    facts: facts.facts,
    factsDigest: facts.digest,
    address: nodeAddress(facts.facts, name, where) ?? '',
    arch: artifactArchitecture(facts.facts.architecture),
    labels: { ...where.pool.labels, ...where.spec.hosts[name]?.labels },
  };
  known.set(facts, { record, spec: where.spec, profile });
  return profile;
}

export function etcdEndpoint(member: Pick<Profile, 'name' | 'address'>): EtcdEndpoint {
  return {
    name: member.name,
    clientUrl: `https://${member.address}:2379`,
    peerUrl: `https://${member.address}:2380`,
  };
}
