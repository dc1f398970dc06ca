// Who is what in a cluster: hosts by role, with the addresses and names plans are made of.
import type { NodeFacts } from '../../shared/model/facts.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { EtcdEndpoint } from '../../shared/model/step.ts';
import { artifactArchitecture } from '../components/bill-of-materials.ts';
import type { PoolSpec } from '../spec/cluster-spec.ts';
import { nodeAddress } from './node-address.ts';
import type { ClusterView, NodeView } from './view.ts';

/** A joined, active host whose facts are known. */
export interface Member {
  readonly node: NodeView;
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

export interface Topology {
  readonly members: readonly Member[];
  /** Of the control-plane pool, in the order they joined. */
  readonly controlPlaneCandidates: readonly Member[];
  readonly controlPlanePool: PoolSpec | null;
  readonly workers: readonly Member[];
  readonly byId: ReadonlyMap<NodeId, Member>;
}

export function topologyOf(view: ClusterView): Topology {
  const pools = new Map(view.cluster.spec.pools.map((pool) => [pool.name, pool]));
  const members = view.nodes.flatMap((node) => {
    const pool = pools.get(node.record.pool);
    if (pool === undefined || node.facts === null || node.record.state !== 'active') return [];
    return [memberOf(view, node, pool)];
  });
  members.sort(
    (a, b) => a.node.record.joinedMs - b.node.record.joinedMs || (a.name < b.name ? -1 : 1),
  );
  const isMaster = (pool: PoolSpec): boolean => pool.roles.includes('control-plane');
  return {
    members,
    controlPlanePool: view.cluster.spec.pools.find(isMaster) ?? null,
    controlPlaneCandidates: members.filter((member) => isMaster(member.pool)),
    workers: members.filter(
      (member) => !isMaster(member.pool) && member.pool.roles.includes('worker'),
    ),
    byId: new Map(members.map((member) => [member.id, member])),
  };
}

function memberOf(view: ClusterView, node: NodeView, pool: PoolSpec): Member {
  const facts = node.facts as NonNullable<NodeView['facts']>;
  const name = node.record.name;
  return {
    node,
    id: node.record.id,
    name,
    pool,
    facts: facts.facts,
    factsDigest: facts.digest,
    address: nodeAddress(facts.facts, name, { spec: view.cluster.spec, pool }) ?? '',
    arch: artifactArchitecture(facts.facts.architecture),
    labels: { ...pool.labels, ...view.cluster.spec.hosts[name]?.labels },
  };
}

export function etcdEndpoint(member: Member): EtcdEndpoint {
  return {
    name: member.name,
    clientUrl: `https://${member.address}:2379`,
    peerUrl: `https://${member.address}:2380`,
  };
}
