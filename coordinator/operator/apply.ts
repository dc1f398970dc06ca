// Apply: a spec and its artifact lock into the cluster record, by one compare-and-set. What comes of
// it is the planner's business.
import { canonicalJson } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { lockFaults, parseLock } from '../artifacts/check-lock.ts';
import type { ArtifactLock } from '../artifacts/lock.ts';
import { requireMinor } from '../components/kubernetes/minors.ts';
import { checkNames } from '../planner/preflight/preflight.ts';
import { isOnlyLeft } from '../planner/rollout/rollouts.ts';
import { nearestName } from '../spec/nearest.ts';
import { formatFault, parseSpec } from '../spec/parse-spec.ts';
import { type ClusterProgress, judgeSpecChange } from '../spec/spec-change.ts';
import { type ClusterRecord, keys, type NodeRecord } from '../store/records.ts';
import { overStates, type WantedRollout } from '../store/rollout-record.ts';
import type { OperatorDependencies } from './dependencies.ts';
import { noteOperator } from './note.ts';
import { previewLines } from './rollout-preview.ts';

type Dependencies = Pick<
  OperatorDependencies,
  'store' | 'clock' | 'audit' | 'artifacts' | 'feed' | 'clusters'
>;

export interface ApplyInput {
  readonly specYaml: string;
  readonly dryRun: boolean;
  readonly ignore: readonly string[];
  /** JSON, or null: the coordinator makes the lock from the spec's own source. */
  readonly lock: string | null;
}

export interface Applied {
  readonly result: 'created' | 'changed' | 'unchanged';
  readonly messages: readonly string[];
}

/** @throws AppError invalid (the file), refused (the change, a Kubernetes that is not known), artifact → refused (no lock) */
export async function applySpec(deps: Dependencies, input: ApplyInput): Promise<Applied> {
  const parsed = parseSpec(input.specYaml);
  if (parsed.kind === 'invalid') {
    throw new AppError(
      'invalid',
      parsed.faults.map((fault) => formatFault('cluster.yaml', fault)).join('\n'),
    );
  }
  checkIgnored(input.ignore);
  const { name, spec } = parsed;
  requireMinor(spec.kubernetes.version);
  const before = (await deps.store.get<ClusterRecord>(keys.cluster(name)))?.value ?? null;
  // A change that is refused is refused before anything is fetched for it.
  if (before !== null) {
    judge(before, { ...parsed, lock: before.lock, input }, await progressOf(deps, before));
  }
  const lock = await lockOf(deps, { spec, input, before });
  const faults = lock === null ? [] : lockFaults(lock, spec.kubernetes.version);
  if (faults.length > 0) throw new AppError('refused', faults.join('\n'));
  if (lock === null)
    return {
      result: 'created',
      messages: ['the artifact lock was not made: a dry run fetches nothing'],
    };

  for (;;) {
    const current = await deps.store.get<ClusterRecord>(keys.cluster(name));
    const change = judge(
      current?.value ?? null,
      { ...parsed, lock, input },
      await progressOf(deps, current?.value ?? null),
    );
    if (change.result !== 'unchanged' && !input.dryRun) {
      const stored = await deps.store.put(
        keys.cluster(name),
        change.record,
        current?.revision ?? 0,
      );
      if (stored.kind === 'conflict') continue;
      await noteOperator(deps, {
        call: 'apply',
        cluster: name,
        text: `cluster ${name} ${change.result} by apply`,
        fields: { result: change.result, ignore: input.ignore },
      });
    }
    if (!input.dryRun) deps.artifacts.pullInBackground(lock);
    const missing = await missingArtifacts(deps, lock, input.dryRun);
    const coming = await comingOf(deps, { change, before: current?.value ?? null, input });
    return { result: change.result, messages: [...change.messages, ...coming, ...missing] };
  }
}

/** What it brings to hosts that work: all of it for a dry run, else that it begins. */
async function comingOf(
  deps: Dependencies,
  applied: {
    readonly change: Judged;
    readonly before: ClusterRecord | null;
    readonly input: ApplyInput;
  },
): Promise<string[]> {
  const { change, before, input } = applied;
  if (before === null || change.record.wanted === undefined || change.record.wanted === null)
    return [];
  const view = await deps.clusters.view(before.name);
  if (view === null) return [];
  const lines = previewLines(view, change.record, deps.clock.now());
  if (lines.length === 0 || input.dryRun) return lines;
  const hosts = lines.length - 1;
  return [
    `a rollout brings it to ${hosts === 1 ? '1 host' : `${hosts} hosts`}: \`coordinator rollout status\` follows it`,
  ];
}

interface Wanted {
  readonly name: string;
  readonly spec: ClusterRecord['spec'];
  readonly lock: ArtifactLock;
  readonly input: ApplyInput;
}

interface Judged extends Applied {
  readonly record: ClusterRecord;
  readonly now?: number;
}

function judge(
  current: ClusterRecord | null,
  wanted: Wanted,
  progress: ClusterProgress & { readonly now: number },
): Judged {
  const { name, spec, lock, input } = wanted;
  const fields = {
    specYaml: input.specYaml,
    spec,
    lock,
    ignoredChecks: [...new Set(input.ignore)].sort(),
  };
  if (current === null) {
    const record: ClusterRecord = {
      name,
      ...fields,
      specGeneration: 1,
      createdMs: progress.now,
      controlPlane: null,
      etcd: null,
      change: null,
      masters: [],
      caDigest: null,
      reached: {},
      retryGeneration: 0,
    };
    return { result: 'created', messages: [], record };
  }
  const change = judgeSpecChange(current.spec, spec, progress);
  const isOtherLock = canonicalJson(current.lock) !== canonicalJson(lock);
  const reasons = [
    ...(change.kind === 'refused' ? change.reasons : []),
    ...(change.kind === 'unchanged' && isOtherLock ? lockDuringRollout(progress) : []),
  ];
  if (reasons.length > 0)
    throw new AppError('refused', `nothing was changed:\n${reasons.join('\n')}`);
  const isChanged = change.kind !== 'unchanged' || isOtherLock;
  const specGeneration = current.specGeneration + (isChanged ? 1 : 0);
  const record: ClusterRecord = {
    ...current,
    ...fields,
    specGeneration,
    ...(isChanged && progress.hasBegun ? { wanted: wantedRollout(current, specGeneration) } : {}),
  };
  const isSame =
    change.kind === 'unchanged' &&
    !isOtherLock &&
    canonicalJson(current.ignoredChecks) === canonicalJson(record.ignoredChecks);
  if (isSame) return { result: 'unchanged', messages: [], record: current };
  return { result: 'changed', messages: change.kind === 'allowed' ? change.messages : [], record };
}

/**
 * What hosts are taken back to when they fail: what they had before the first spec that did not reach
 * all of them. A release that stopped in its canary is nothing to go back to.
 */
function wantedRollout(current: ClusterRecord, generation: number): WantedRollout {
  const { wanted, rollout, spec, lock } = current;
  if (wanted !== undefined && wanted !== null) return { generation, from: wanted.from };
  const isUnfinished = rollout !== undefined && rollout !== null && rollout.state !== 'done';
  return { generation, from: isUnfinished ? rollout.from : { spec, lock } };
}

function lockDuringRollout({ rollout }: ClusterProgress): string[] {
  if (rollout === undefined || rollout === null) return [];
  return [
    `the artifact lock is another, and rollout ${rollout.id} is under way (${rollout.at}): wait for it, or end it first (coordinator rollout abort)`,
  ];
}

/** Null: nothing is in the way of another target. */
function rolloutInTheWay(
  cluster: ClusterRecord,
): { readonly id: string; readonly at: string } | null {
  const { rollout, wanted } = cluster;
  if (rollout === undefined || rollout === null || overStates.has(rollout.state)) {
    return wanted === undefined || wanted === null || cluster.change === null
      ? null
      : { id: `of generation ${wanted.generation}`, at: 'it is about to begin' };
  }
  if (isOnlyLeft(rollout)) return null;
  const states = Object.values(rollout.hosts).map(({ state }) => state);
  const done = states.filter((state) => state === 'done').length;
  return { id: rollout.id, at: `${rollout.state}, ${done} of ${states.length} hosts done` };
}

async function progressOf(
  deps: Dependencies,
  cluster: ClusterRecord | null,
): Promise<ClusterProgress & { readonly now: number }> {
  const now = deps.clock.now();
  if (cluster === null) return { hasBegun: false, nodes: {}, now };
  const { rollout, serves, raisedTo, spec } = cluster;
  const nodes = (await deps.store.range<NodeRecord>(keys.nodes))
    .map((stored) => stored.value)
    .filter(
      (node) =>
        node.cluster === cluster.name && (node.state === 'active' || node.state === 'locked'),
    )
    .sort((a, b) => a.joinedMs - b.joinedMs);
  const pools = Object.groupBy(nodes, (node) => node.pool);
  const names = Object.entries(pools).map(([pool, members]) => [
    pool,
    (members ?? []).map((node) => node.name),
  ]);
  return {
    hasBegun: cluster.controlPlane !== null,
    nodes: Object.fromEntries(names),
    serves: serves ?? spec.kubernetes.version,
    raisedTo: raisedTo ?? null,
    rollout: rolloutInTheWay(cluster),
    snapshot: rollout?.snapshot?.path ?? null,
    now,
  };
}

/**
 * Given; that of an installed cluster, which stays as it is; or made now. Null when only a dry run
 * asks and making it would mean fetching releases.
 */
async function lockOf(
  deps: Dependencies,
  wanted: {
    readonly spec: ClusterRecord['spec'];
    readonly input: ApplyInput;
    readonly before: ClusterRecord | null;
  },
): Promise<ArtifactLock | null> {
  const { spec, input, before } = wanted;
  if (input.lock !== null) return parseLock(input.lock, 'the artifact lock');
  const isSameSource =
    before !== null &&
    before.spec.kubernetes.version === spec.kubernetes.version &&
    canonicalJson(sourceOf(before.spec)) === canonicalJson(sourceOf(spec));
  // What is installed stays what it is: a folder that holds something newer is no reason to change it.
  if (isSameSource && before.controlPlane !== null) return before.lock;
  if (isSameSource && spec.artifacts.source === 'official') return before.lock;
  if (input.dryRun && spec.artifacts.source === 'official') return before?.lock ?? null;
  try {
    return await deps.artifacts.lockFor(spec);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'artifact') throw thrown;
    throw new AppError('refused', `no artifact lock could be made: ${thrown.message}`, {
      cause: thrown,
    });
  }
}

/** Mirrors are asked for the same bytes. */
const sourceOf = ({ artifacts: { source, directory } }: ClusterRecord['spec']) => ({
  source,
  directory,
});

async function missingArtifacts(
  deps: Dependencies,
  lock: ArtifactLock,
  dryRun: boolean,
): Promise<string[]> {
  const stored = await deps.artifacts.stored();
  const missing = lock.artifacts.filter((entry) => !stored.has(entry.sha256));
  if (missing.length === 0) return [];
  const count = `${missing.length} of ${lock.artifacts.length} artifacts`;
  if (dryRun) return [`${count} would be fetched`];
  return [`${count} are being fetched: \`coordinator get artifacts\` shows them`];
}

function checkIgnored(ignore: readonly string[]): void {
  for (const name of ignore) {
    if (name === 'all' || checkNames.includes(name)) continue;
    const nearest = nearestName(name, checkNames);
    const hint =
      nearest === null ? `there are: ${checkNames.join(', ')}` : `did you mean ${nearest}?`;
    throw new AppError('usage', `--ignore ${name}: there is no such check; ${hint}`);
  }
}
