// Pause, resume, abort and retry of the rollout of the cluster: one compare-and-set of its record. What
// comes of it is the planner's business.
import { AppError } from '../../shared/errors.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import { fresh } from '../planner/rollout/standings.ts';
import { type ClusterRecord, keys, type NodeRecord } from '../store/records.ts';
import { overStates, type RolloutHost, type RolloutRecord } from '../store/rollout-record.ts';
import { update } from '../store/store.ts';
import { nodeNamed, onlyCluster } from './clusters.ts';
import type { OperatorDependencies } from './dependencies.ts';
import { noteOperator } from './note.ts';

type Dependencies = Pick<OperatorDependencies, 'store' | 'audit' | 'feed' | 'clock'>;

export const rolloutActions = ['pause', 'resume', 'abort', 'retry'] as const;
export type RolloutAction = (typeof rolloutActions)[number];

export interface RolloutChange {
  readonly action: string;
  /** A host's name, for retry: only that one. Empty: all of them. */
  readonly node: string;
  /** Who asks. */
  readonly by: string;
}

/** @returns what was done, in sentences. @throws AppError usage, not-found, refused */
export async function changeRollout(
  deps: Dependencies,
  change: RolloutChange,
): Promise<readonly string[]> {
  const action = rolloutActions.find((one) => one === change.action);
  if (action === undefined) {
    throw new AppError(
      'usage',
      `a rollout can be told to ${rolloutActions.join(', ')}: not "${change.action}"`,
    );
  }
  const { value: cluster } = await onlyCluster(deps.store);
  const node = change.node === '' ? null : await nodeNamed(deps.store, change.node);
  const now = deps.clock.now();
  const asked = { node, by: change.by, now };
  let said = '';
  await update<ClusterRecord>(deps.store, keys.cluster(cluster.name), (current) => {
    if (current === null) return null;
    const rollout = current.rollout ?? null;
    if (rollout === null) throw noRollout(current);
    const after = acts[action](rollout, asked);
    said = words[action](after, node?.name ?? null);
    return { ...current, rollout: after };
  });
  // Plans that were held are made anew.
  if (action === 'retry') await releaseHolds(deps, cluster, node);
  await noteOperator(deps, {
    call: 'rollout',
    cluster: cluster.name,
    text: said,
    fields: { action, node: change.node },
  });
  return [said, '`coordinator rollout status` follows it'];
}

interface Asked {
  readonly node: NodeRecord | null;
  readonly by: string;
  readonly now: number;
}

const acts: Readonly<
  Record<RolloutAction, (rollout: RolloutRecord, asked: Asked) => RolloutRecord>
> = {
  pause: (rollout, { by, now }) => {
    if (rollout.state === 'paused') return rollout;
    if (rollout.state !== 'running') throw notNow(rollout, 'paused');
    return { ...rollout, state: 'paused', stateSinceMs: now, by };
  },
  resume: (rollout, { by, now }) => {
    if (rollout.state === 'running') return rollout;
    if (rollout.state !== 'paused') throw notNow(rollout, 'resumed');
    return { ...rollout, state: 'running', stateSinceMs: now, by };
  },
  abort: (rollout, { by, now }) => {
    if (rollout.state === 'aborting' || rollout.state === 'aborted') return rollout;
    if (rollout.state === 'done') throw notNow(rollout, 'aborted');
    return { ...rollout, state: 'aborting', stateSinceMs: now, by };
  },
  retry: (rollout, { node, by, now }) => {
    if (rollout.state === 'done' || rollout.state === 'aborting')
      throw notNow(rollout, 'tried again');
    const isMeant = (id: string, { state }: RolloutHost): boolean =>
      (state === 'failed' || state === 'left') && (node === null || node.id === id);
    const entries = Object.entries(rollout.hosts).map(([id, host]): [string, RolloutHost] => [
      id,
      isMeant(id, host) ? fresh('pending', now) : host,
    ]);
    if (node !== null && rollout.hosts[node.id] === undefined) {
      throw new AppError(
        'refused',
        `rollout ${rollout.id} is not about ${node.name}: it is as the spec says`,
      );
    }
    const hosts = Object.fromEntries(entries) as Readonly<Record<NodeId, RolloutHost>>;
    const isHalted = overStates.has(rollout.state);
    if (!isHalted) return { ...rollout, hosts };
    return { ...rollout, hosts, state: 'running', stateSinceMs: now, by, stoppedBy: null };
  },
};

const words: Readonly<
  Record<RolloutAction, (rollout: RolloutRecord, node: string | null) => string>
> = {
  pause: ({ id }) => `rollout ${id} is paused: what is under way ends, nothing begins`,
  resume: ({ id }) => `rollout ${id} goes on`,
  abort: ({ id }) =>
    `rollout ${id} is aborted: what is under way ends, hosts it cordoned are given back, hosts it has changed stay changed`,
  retry: ({ id }, node) =>
    node === null ? `rollout ${id} is tried again` : `rollout ${id} tries ${node} again`,
};

async function releaseHolds(
  { store }: Dependencies,
  cluster: ClusterRecord,
  node: NodeRecord | null,
): Promise<void> {
  const ids = node === null ? Object.keys(cluster.rollout?.hosts ?? {}) : [node.id];
  const stopped = cluster.rollout?.stoppedBy?.nodeId;
  const all = new Set(stopped === undefined || node !== null ? ids : [...ids, stopped]);
  for (const id of all) {
    await update<NodeRecord>(store, keys.node(id), (current) =>
      current === null ? null : { ...current, retryGeneration: current.retryGeneration + 1 },
    );
  }
}

const notNow = ({ id, state }: RolloutRecord, what: string): AppError =>
  new AppError('refused', `rollout ${id} is ${state}: it cannot be ${what}`);

const noRollout = ({ name }: ClusterRecord): AppError =>
  new AppError(
    'not-found',
    `cluster ${name} has no rollout: one begins when \`coordinator apply\` changes what hosts have`,
  );
