// Whose turn it is in a rollout: masters one at a time, then each pool with its canary alone, a soak,
// and waves of as many hosts as the spec lets be away. Pure arithmetic over where hosts stand.
import type { ClusterSpec, PoolSpec } from '../../spec/cluster-spec.ts';
import { durationMs } from '../../spec/spec-duration.ts';
import type { RolloutHost, RolloutHostState } from '../../store/rollout-record.ts';
import type { Member } from '../topology.ts';

export interface Standing {
  readonly member: Member;
  readonly host: RolloutHost;
}

/** Hosts that go through a rollout together: the masters, or the other nodes of a pool. */
export interface Group {
  readonly pool: PoolSpec;
  readonly isMasters: boolean;
  /** Nodes there are, in the rollout or not: what a percentage is of. */
  readonly size: number;
  readonly standings: readonly Standing[];
}

export type Turn =
  | { readonly kind: 'begin'; readonly members: readonly Member[] }
  /** Hosts that are at it come first. */
  | { readonly kind: 'busy'; readonly names: readonly string[] }
  | { readonly kind: 'soak'; readonly untilMs: number; readonly names: readonly string[] }
  /** A host that was changed is not well: nothing begins before it is. */
  | { readonly kind: 'unwell'; readonly names: readonly string[] }
  /** Nobody of the group is left to begin. */
  | { readonly kind: 'over' };

const atIt: ReadonlySet<RolloutHostState> = new Set([
  'draining',
  'changing',
  'taking-back',
  'uncordoning',
]);

export const isAtIt = ({ state }: Pick<RolloutHost, 'state'>): boolean => atIt.has(state);

export function turnOf(group: Group, rollout: ClusterSpec['rollout'], now: number): Turn {
  const { standings } = group;
  const busy = standings.filter(({ host }) => isAtIt(host));
  const pending = standings
    .filter(({ host, member }) => host.state === 'pending' && member.node.online)
    // Who was left and is back comes after those who were never asked.
    .toSorted((a, b) => a.host.sinceMs - b.host.sinceMs);
  if (pending.length === 0 && busy.length === 0) return { kind: 'over' };
  if (busy.length > 0) return { kind: 'busy', names: busy.map(({ member }) => member.name) };
  const done = standings.filter(({ host }) => host.state === 'done');
  const unwell = done.filter(({ member }) => !isWell(member));
  if (unwell.length > 0) return { kind: 'unwell', names: unwell.map(({ member }) => member.name) };
  const lastMs = Math.max(...done.map(({ host }) => host.sinceMs), Number.NEGATIVE_INFINITY);
  const untilMs = lastMs + soakMs(rollout);
  if (untilMs > now && !group.isMasters) {
    const last = done.filter(({ host }) => host.sinceMs === lastMs);
    return { kind: 'soak', untilMs, names: last.map(({ member }) => member.name) };
  }
  const count = group.isMasters ? 1 : waveSize(group, rollout, done.length);
  return { kind: 'begin', members: pending.slice(0, count).map(({ member }) => member) };
}

/** What is not measured is not judged. */
const isWell = ({ node }: Member): boolean => node.online && node.isNodeReady !== false;

function waveSize(group: Group, rollout: ClusterSpec['rollout'], doneCount: number): number {
  const canaries = rollout.canary - doneCount;
  const most = mostAway(rollout.maxUnavailable, group.size);
  return canaries > 0 ? Math.min(canaries, most) : most;
}

/** A percentage is rounded down, and to one at least. */
export function mostAway(maxUnavailable: number | string, size: number): number {
  if (typeof maxUnavailable === 'number') return maxUnavailable;
  return Math.max(1, Math.floor((size * Number.parseInt(maxUnavailable, 10)) / 100));
}

const soakMs = ({ soak }: ClusterSpec['rollout']): number => durationMs(soak);
