// A rollout as `get rollouts` and `rollout status` show it: where every host stands, and why it waits.
import { sortedByName } from '../planner/rollout/standings.ts';
import {
  overStates,
  type PastRollout,
  type RolloutHostState,
  type RolloutRecord,
  type RolloutSnapshot,
} from '../store/rollout-record.ts';
import type { Seen } from './node-documents.ts';

export interface RolloutHostDocument {
  readonly name: string;
  readonly pool: string;
  readonly isMaster: boolean;
  readonly state: RolloutHostState;
  readonly sinceMs: number;
  /** What it does, or why it waits: one sentence without the subject; empty when it is done. */
  readonly what: string;
}

export interface RolloutDocument {
  readonly kind: 'Rollout';
  readonly name: string;
  readonly cluster: string;
  readonly generation: number;
  readonly fromVersion: string;
  readonly toVersion: string;
  /** waiting: asked for, and not begun. */
  readonly state: RolloutRecord['state'] | PastRollout['state'] | 'waiting';
  readonly beganMs: number | null;
  readonly endedMs: number | null;
  readonly by: string | null;
  readonly done: number;
  readonly total: number;
  /** Why it does not go on, or what it is at; one sentence. */
  readonly what: string;
  /** Of etcd, before the control plane was touched. */
  readonly snapshot: {
    readonly path: string;
    readonly node: string;
    readonly revision: string;
  } | null;
  /** Empty for one that is over and was followed by another. */
  readonly hosts: readonly RolloutHostDocument[];
  readonly troubles: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Oldest first. */
export function rolloutDocuments(seen: Seen): readonly RolloutDocument[] {
  const { cluster } = seen.view;
  const past = (cluster.pastRollouts ?? []).map((one) => pastDocument(seen, one));
  const { rollout, wanted } = cluster;
  const current = rollout === undefined || rollout === null ? [] : [openDocument(seen, rollout)];
  const waiting =
    wanted === undefined || wanted === null
      ? []
      : [waitingDocument(seen, wanted.generation, wanted.from.spec.kubernetes.version)];
  return [...past, ...current, ...waiting];
}

function openDocument(seen: Seen, rollout: RolloutRecord): RolloutDocument {
  const { cluster } = seen.view;
  const hosts = Object.entries(rollout.hosts).map(([id, host]): RolloutHostDocument => {
    const node = seen.view.nodes.find(({ record }) => record.id === id);
    const name = node?.record.name ?? id;
    return {
      name,
      pool: node?.record.pool ?? '',
      isMaster: cluster.masters.some((master) => master === id),
      state: host.state,
      sinceMs: host.sinceMs,
      what: host.state === 'done' ? '' : whatOf(seen, name),
    };
  });
  const done = hosts.filter(({ state }) => state === 'done').length;
  return {
    kind: 'Rollout',
    name: rollout.id,
    cluster: cluster.name,
    generation: rollout.generation,
    fromVersion: rollout.from.spec.kubernetes.version,
    toVersion: cluster.spec.kubernetes.version,
    state: rollout.state,
    beganMs: rollout.beganMs,
    endedMs: overStates.has(rollout.state) ? rollout.stateSinceMs : null,
    by: rollout.by,
    done,
    total: hosts.length,
    what: ownWords(seen, [cluster.name, ...hosts.filter(isWaiting).map(({ name }) => name)]),
    snapshot: snapshotDocument(seen, rollout.snapshot),
    hosts: sortedByName(hosts),
    troubles: hosts
      .filter(({ state }) => state === 'failed' || state === 'left')
      .map(({ name, what }) => `${name} ${what}`),
    labels: { cluster: cluster.name, state: rollout.state },
  };
}

const isWaiting = ({ state }: RolloutHostDocument): boolean =>
  state === 'pending' || state === 'left' || state === 'failed';

/** What the rollout says of these, the first of it. */
function ownWords(seen: Seen, names: readonly string[]): string {
  const waits = names.flatMap((name) => seen.waits.get(name) ?? []);
  return waits.find(({ code }) => code.startsWith('rollout-'))?.for ?? '';
}

/** What the rollout says of it, before whatever else it waits for. */
function whatOf(seen: Seen, name: string): string {
  const waits = seen.waits.get(name) ?? [];
  const own = waits.find(({ code }) => code.startsWith('rollout-'));
  return (own ?? waits[0])?.for ?? '';
}

function snapshotDocument(
  { view }: Seen,
  snapshot: RolloutSnapshot | null,
): RolloutDocument['snapshot'] {
  if (snapshot === null) return null;
  const { path, node, revision } = snapshot;
  const found = view.nodes.find(({ record }) => record.id === node);
  return { path, node: found?.record.name ?? node, revision };
}

function pastDocument(seen: Seen, past: PastRollout): RolloutDocument {
  const { counts } = past;
  return {
    kind: 'Rollout',
    name: past.id,
    cluster: seen.view.cluster.name,
    generation: past.generation,
    fromVersion: past.fromVersion,
    toVersion: past.toVersion,
    state: past.state,
    beganMs: past.beganMs,
    endedMs: past.endedMs,
    by: past.by,
    done: counts.done ?? 0,
    total: Object.values(counts).reduce((sum, count) => sum + count, 0),
    what: '',
    snapshot: snapshotDocument(seen, past.snapshot),
    hosts: [],
    troubles: past.troubles,
    labels: { cluster: seen.view.cluster.name, state: past.state },
  };
}

function waitingDocument(seen: Seen, generation: number, fromVersion: string): RolloutDocument {
  const { cluster } = seen.view;
  return {
    kind: 'Rollout',
    name: `generation-${generation}`,
    cluster: cluster.name,
    generation,
    fromVersion,
    toVersion: cluster.spec.kubernetes.version,
    state: 'waiting',
    beganMs: null,
    endedMs: null,
    by: null,
    done: 0,
    total: 0,
    what: 'has been asked for and not begun: what is under way comes first',
    snapshot: null,
    hosts: [],
    troubles: [],
    labels: { cluster: cluster.name, state: 'waiting' },
  };
}
