// Where the hosts of a rollout stand: its record put together with what is known of them now.
import type { NodeId } from '../../../shared/model/ids.ts';
import type { RolloutHost, RolloutRecord } from '../../store/rollout-record.ts';
import { overStates } from '../../store/rollout-record.ts';
import { isNode, isPrepared, type Situation } from '../situation.ts';
import type { Member } from '../topology.ts';
import type { Group, Standing } from './waves.ts';

/** The rollout that is not over; null when there is none. */
export function openRollout({ cluster }: Pick<Situation, 'cluster'>): RolloutRecord | null {
  const { rollout } = cluster;
  return rollout === undefined || rollout === null || overStates.has(rollout.state)
    ? null
    : rollout;
}

export const standingsOf = ({ topology }: Situation, rollout: RolloutRecord): readonly Standing[] =>
  Object.entries(rollout.hosts).flatMap(([id, host]) => {
    const member = topology.byId.get(id as NodeId);
    return member === undefined ? [] : [{ member, host }];
  });

const collator = new Intl.Collator('en', { numeric: true });

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  collator.compare(a.name, b.name);

/** w2 before w10. */
export const sortedByName = <T extends { readonly name: string }>(
  list: readonly T[],
): readonly T[] => list.toSorted(byName);

/** In the order in which they go: masters, then the pools as the spec lists them. */
export function groupsOf(situation: Situation, rollout: RolloutRecord): readonly Group[] {
  const { cluster, topology } = situation;
  const { masters, spec } = cluster;
  const isMaster = ({ id }: Member): boolean => masters.includes(id);
  const standings = standingsOf(situation, rollout).toSorted((a, b) => byName(a.member, b.member));
  const pools = spec.pools.map((pool): Group => {
    const isOf = (member: Member): boolean => member.pool.name === pool.name && !isMaster(member);
    const nodes = topology.members.filter((member) => isOf(member) && isNode(situation, member));
    return {
      pool,
      isMasters: false,
      size: nodes.length,
      standings: standings.filter(({ member }) => isOf(member)),
    };
  });
  const [first] = spec.pools;
  if (first === undefined) return [];
  const ofMasters = standings.filter(({ member }) => isMaster(member));
  const all = [
    {
      pool: topology.controlPlanePool ?? first,
      isMasters: true,
      size: masters.length,
      standings: ofMasters,
    },
    ...pools,
  ];
  return all.filter((group) => group.standings.length > 0);
}

/** Hosts that a rollout may be about: nodes, all of whose preparation is over. */
export const changeable = (situation: Situation): readonly Member[] =>
  situation.topology.members.filter((member) => isNode(situation, member) && isPrepared(member));

export const moved = (rollout: RolloutRecord, id: NodeId, host: RolloutHost): RolloutRecord => ({
  ...rollout,
  hosts: { ...rollout.hosts, [id]: host },
});

export const fresh = (state: RolloutHost['state'], now: number): RolloutHost => ({
  state,
  sinceMs: now,
  cordonedMs: null,
  becomes: null,
  why: null,
});

/** One that has just begun. @param about its hosts, in any order */
export const begunRollout = (
  about: Pick<RolloutRecord, 'id' | 'generation' | 'from'> & {
    readonly members: readonly Member[];
  },
  now: number,
): RolloutRecord => ({
  id: about.id,
  generation: about.generation,
  from: about.from,
  beganMs: now,
  state: 'running',
  stateSinceMs: now,
  by: null,
  stoppedBy: null,
  snapshot: null,
  hosts: Object.fromEntries(about.members.map(({ id }) => [id, fresh('pending', now)])),
});
