// Which snapshots of etcd there are, learned from what plans ended with, and which are due: by the
// schedule, by an operator's request, or because there is none yet. A missed time is made up for once,
// however many were missed. Pure.
import { isFinal } from '../../shared/model/plan.ts';
import { lastDue, nextDue } from '../spec/schedule.ts';
import type {
  ClusterRecord,
  PlanRecord,
  SealedSnapshot,
  SnapshotRecord,
} from '../store/records.ts';
import { clusterPlans, etcdHostsOf, mastersOf, type Situation } from './situation.ts';
import type { Member } from './topology.ts';

/** The run that ends an install, and steps of the plans of every run. */
export const FIRST_RUN = 'first';
export const snapshotSteps = { save: 'snapshot', seal: 'seal', prune: 'prune' } as const;

/** A record that says of nothing any more goes when no plan can bring it again. */
const forgetMs = 48 * 3_600_000;
const mostRecords = 300;

/** The record with what is known now; the same one when nothing is new. */
export function learnSnapshots(situation: Situation): ClusterRecord {
  const { cluster, now } = situation;
  const before = cluster.snapshots ?? [];
  let list = before;
  for (const plan of donePlans(situation, 'snapshot')) list = withTaken(list, plan);
  for (const plan of donePlans(situation, 'copy-snapshot')) list = withCopied(list, plan);
  list = withoutOldCopies(list, cluster.spec.etcd.snapshots.keep);
  list = withoutForgotten(list, now);
  return list === before ? cluster : { ...cluster, snapshots: list };
}

function donePlans(
  situation: Situation,
  kind: 'snapshot' | 'copy-snapshot',
): readonly PlanRecord[] {
  return [...situation.acting.values()]
    .flat()
    .filter(
      ({ goalKey, state, nodeId }) =>
        goalKey.kind === kind && state === 'done' && situation.topology.byId.has(nodeId),
    )
    .sort((a, b) => a.issuedMs - b.issuedMs);
}

const outputsOf = (plan: PlanRecord, step: string) =>
  plan.steps.find(({ stepId }) => stepId === step)?.outputs ?? {};

/** Its own name: that of its file, on the host and in the coordinator's folder. */
const idOf = (path: string): string => (path.split('/').at(-1) ?? '').replace(/\.db$/, '');

function withTaken(list: readonly SnapshotRecord[], plan: PlanRecord): readonly SnapshotRecord[] {
  const { revision, hash, bytes, path } = outputsOf(plan, snapshotSteps.save);
  if (revision === undefined || hash === undefined || path === undefined) return list;
  const id = idOf(path);
  if (id === '' || list.some((known) => known.id === id)) return list;
  const taken: SnapshotRecord = {
    id,
    nodeId: plan.nodeId,
    nodeName: plan.nodeName,
    // By the coordinator's clock, which due times are of.
    takenMs: plan.issuedMs,
    revision,
    hash,
    bytes: Number(bytes),
    path,
    isOnHost: true,
    sealed: sealedOf(plan),
    copiedMs: null,
  };
  const { kept } = outputsOf(plan, snapshotSteps.prune);
  const names = kept === undefined ? null : new Set(kept.split(' '));
  const others = list.map((known) =>
    known.nodeId !== plan.nodeId || names === null || names.has(known.id) || !known.isOnHost
      ? known
      : { ...known, isOnHost: false },
  );
  return [...others, taken].toSorted((a, b) => a.takenMs - b.takenMs);
}

function sealedOf(plan: PlanRecord): SealedSnapshot | null {
  const { sha256, bytes, key } = outputsOf(plan, snapshotSteps.seal);
  if (sha256 === undefined || key === undefined) return null;
  const size = Number(bytes);
  return Number.isSafeInteger(size) && size > 0 ? { sha256, bytes: size, key } : null;
}

function withCopied(list: readonly SnapshotRecord[], plan: PlanRecord): readonly SnapshotRecord[] {
  const { subject } = plan.goalKey;
  const isNews = list.some(
    ({ id, sealed, copiedMs }) => id === subject && sealed !== null && copiedMs === null,
  );
  if (!isNews) return list;
  const copiedMs = plan.finishedMs ?? plan.issuedMs;
  return list.map((known) => (known.id === subject ? { ...known, copiedMs } : known));
}

/** The newest are kept; what is not sealed any more has no file. */
function withoutOldCopies(
  list: readonly SnapshotRecord[],
  keep: number,
): readonly SnapshotRecord[] {
  const copied = list.filter(({ copiedMs }) => copiedMs !== null);
  if (copied.length <= keep) return list;
  const old = new Set(copied.slice(0, copied.length - keep).map(({ id }) => id));
  return list.map((known) =>
    old.has(known.id) ? { ...known, sealed: null, copiedMs: null } : known,
  );
}

const isSomewhere = ({ isOnHost, copiedMs }: SnapshotRecord): boolean =>
  isOnHost || copiedMs !== null;

/** Plans are remembered for a day: what went before that would be learned again. */
function withoutForgotten(list: readonly SnapshotRecord[], now: number): readonly SnapshotRecord[] {
  const kept = list.filter((one) => isSomewhere(one) || one.takenMs > now - forgetMs);
  if (kept.length === list.length && kept.length <= mostRecords) return list;
  return kept.slice(-mostRecords);
}

/** Those that are on a host or with the coordinator, newest first. */
export const presentSnapshots = (cluster: ClusterRecord): readonly SnapshotRecord[] =>
  (cluster.snapshots ?? []).filter(isSomewhere).toReversed();

/** When etcd was last saved; null: never. Stores of older versions know of the first only. */
export function lastSnapshotMs(cluster: ClusterRecord): number | null {
  const first = cluster.reached['first-snapshot']?.atMs ?? null;
  const last = cluster.snapshots?.at(-1)?.takenMs ?? null;
  return first === null || last === null ? (first ?? last) : Math.max(first, last);
}

/** The due time that nothing was saved after; null: none. */
export function dueSlot(cluster: ClusterRecord, now: number): number | null {
  const last = lastSnapshotMs(cluster);
  if (last === null) return null;
  const slot = lastDue(cluster.spec.etcd.snapshots.schedule, now);
  return slot !== null && slot > last ? slot : null;
}

/** When the next one is due; null: by no schedule. */
export function nextSnapshotMs(cluster: ClusterRecord, now: number): number | null {
  if (lastSnapshotMs(cluster) === null) return null;
  return nextDue(cluster.spec.etcd.snapshots.schedule, now);
}

/** `20261121-180000`: part of a file's name. */
export const slotId = (slotMs: number): string =>
  new Date(slotMs)
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replaceAll(/[-:]/g, '')
    .replace('T', '-');

/**
 * Who saves etcd: the host that has begun; else a healthy follower's, which disturbs nobody who writes;
 * else any master that calls.
 */
export function snapshotHost(situation: Situation, id: string): Member | null {
  const begun = clusterPlans(situation, 'snapshot', id).find(({ state }) => !isFinal(state));
  const by = begun === undefined ? undefined : situation.topology.byId.get(begun.nodeId);
  if (by?.node.online === true) return by;
  const members = new Set(etcdHostsOf(situation).map(({ id: host }) => host));
  const there = mastersOf(situation).filter(
    ({ node, id: host }) => node.online && (members.size === 0 || members.has(host)),
  );
  return there.toSorted((a, b) => rank(a) - rank(b))[0] ?? null;
}

function rank({ node: { etcd } }: Member): number {
  if (etcd === undefined) return 1;
  if (!etcd.isHealthy) return 3;
  return etcd.isLeader ? 2 : 0;
}
