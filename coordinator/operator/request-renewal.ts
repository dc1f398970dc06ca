// Renewal of certificates on demand: of one master, or of all of them. A request is a record whose id
// follows from what is asked; the planner begins a renewal of each master it is about, one after the
// other, and here is told how far that is.
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { RenewalStanding } from '../planner/renewal/standing.ts';
import {
  type ClusterRecord,
  keys,
  type NodeRecord,
  type OperatorRequest,
} from '../store/records.ts';
import { nodeNamed, onlyCluster } from './clusters.ts';
import type { OperatorDependencies } from './dependencies.ts';
import { changeOrTimeout, recordRequest } from './requests.ts';

type Dependencies = Pick<OperatorDependencies, 'store' | 'clock' | 'audit' | 'clusters' | 'feed'>;

const pollMs = 20_000;

export interface RenewalWish {
  /** Empty: every master. */
  readonly node: string;
  readonly runId: string;
}

export interface RenewalAnswer {
  readonly pending: boolean;
  readonly renewed: boolean;
  readonly lines: string[];
}

/** Waits for news, at most one long poll. @throws AppError usage, not-found, refused */
export async function requestRenewal(
  deps: Dependencies,
  wish: RenewalWish,
  signal: AbortSignal,
): Promise<RenewalAnswer> {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(wish.runId)) {
    throw new AppError('usage', 'a run id is up to 31 lower-case letters, digits and dashes');
  }
  const { value: cluster } = await onlyCluster(deps.store);
  const node = wish.node === '' ? null : await masterNamed(deps, cluster, wish.node);
  const id = `r${sha256Hex(JSON.stringify([cluster.name, wish])).slice(0, 15)}`;
  const asked = { id, cluster: cluster.name, node, createdMs: deps.clock.now() };
  const whose = wish.node === '' ? 'every master' : wish.node;
  const text = `renewal of the certificates of ${whose} asked for`;
  await recordRequest(deps, { kind: 'renew-certificates', ...asked }, text);
  const until = deps.clock.boot() + pollMs;
  const first = await answerTo(deps, id);
  for (let answer = first; ; ) {
    const revision = await deps.store.revision();
    answer = await answerTo(deps, id);
    const leftMs = until - deps.clock.boot();
    const isNews = answer.lines.join('\n') !== first.lines.join('\n');
    if (!answer.pending || isNews || leftMs <= 0) return answer;
    await changeOrTimeout({
      store: deps.store,
      clock: deps.clock,
      after: revision,
      ms: leftMs,
      signal,
    });
  }
}

async function masterNamed(
  { store }: Dependencies,
  cluster: ClusterRecord,
  name: string,
): Promise<NodeId> {
  const { id } = await nodeNamed(store, name);
  if (cluster.masters.includes(id)) return id;
  throw new AppError(
    'refused',
    `${name} is no master: it has no certificates but its kubelet’s, which renews them itself`,
  );
}

async function answerTo(deps: Dependencies, id: string): Promise<RenewalAnswer> {
  const stored = await deps.store.get<OperatorRequest>(keys.request(id));
  const { value: cluster } = await onlyCluster(deps.store);
  if (stored === null || stored.value.kind !== 'renew-certificates')
    throw new AppError('not-found', 'the request is not kept any more: ask again');
  const { node, createdMs } = stored.value;
  const masters = node === null ? cluster.masters : [node];
  const standings = deps.clusters.latestDecision(cluster.name)?.renewals ?? {};
  const told = await Promise.all(
    masters.map(async (masterId) => {
      const record = await deps.store.get<NodeRecord>(keys.node(masterId));
      const name = record?.value.name ?? masterId;
      const renewed = cluster.renewed?.[masterId];
      if (renewed !== undefined && renewed.beganMs >= createdMs) {
        const tookS = ((renewed.atMs - renewed.beganMs) / 1000).toFixed(1);
        return { isDone: true, isHeld: false, line: `${name}: renewed in ${tookS} s` };
      }
      const standing = standings[name];
      const line = `${name}: ${wordsOf(standing, name)}`;
      return { isDone: false, isHeld: standing?.kind === 'held', line };
    }),
  );
  const left = told.filter(({ isDone }) => !isDone);
  return {
    // Those that are held get no further before somebody acts; the others are waited for.
    pending: left.some(({ isHeld }) => !isHeld),
    renewed: left.length === 0,
    lines: told.map(({ line }) => line),
  };
}

function wordsOf(standing: RenewalStanding | undefined, name: string): string {
  switch (standing?.kind) {
    case undefined:
    case 'later':
    case 'next':
      return 'is about to be renewed';
    case 'under-way':
      return 'is being renewed';
    case 'change':
      return `waits for its turn: ${standing.name} comes first`;
    case 'rollout':
      return `waits for rollout ${standing.rollout} (coordinator rollout pause lets it go first)`;
    case 'away':
      return 'waits for its agent, which does not call';
    case 'held':
      return `failed: ${standing.why}; you mend it and run \`coordinator retry ${name}\` (details: coordinator plan show ${standing.planId})`;
  }
}
