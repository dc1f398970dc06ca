// What a component is computed from: the host, the cluster's spec, and who the others are.
import type { NodeFacts } from '../../../shared/model/facts.ts';
import type { EtcdEndpoint, Step } from '../../../shared/model/step.ts';
import type { ClusterSpec, PoolSpec } from '../../spec/cluster-spec.ts';
import type { Disruption } from '../component.ts';
import type { Materials } from '../materials.ts';

export interface HostTarget {
  readonly name: string;
  readonly address: string;
  readonly arch: string;
  readonly pool: PoolSpec;
  readonly facts: Pick<NodeFacts, 'cgroup'>;
}

export interface HostInputs {
  readonly host: HostTarget;
  readonly spec: ClusterSpec;
  readonly cluster: string;
  readonly materials: Materials;
  /** Addresses of every host chosen for the control plane. */
  readonly masters: readonly string[];
  readonly etcd: readonly EtcdEndpoint[];
}

/** Parts of the preparation of a host; the runbook puts them into stages. */
export type Slot =
  | 'settings'
  | 'install'
  | 'configure'
  | 'certificates'
  | 'services'
  | 'images'
  | 'gate'
  | 'proxy';
export type SlotSteps = Readonly<Partial<Record<Slot, readonly Step[]>>>;

/** One thing that preparing a host lays down; its name stands in host-components.ts. */
export interface HostComponent {
  /** Who orders a change of it on a host that works. */
  readonly disruption: Disruption;
  isFor(host: HostTarget): boolean;
  steps(inputs: HostInputs): SlotSteps;
}

export const isMaster = (host: Pick<HostTarget, 'pool'>): boolean =>
  host.pool.roles.includes('control-plane');
export const isEtcd = (host: Pick<HostTarget, 'pool'>): boolean => host.pool.roles.includes('etcd');

/** 2 where it is not known: what every current distribution boots with. */
export const cgroupVersionOf = ({ facts }: Pick<HostTarget, 'facts'>): 1 | 2 =>
  facts.cgroup === 'unknown' ? 2 : facts.cgroup.version;
