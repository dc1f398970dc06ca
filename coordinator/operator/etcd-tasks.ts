// What an operator has done to etcd once: saved, or its members' databases defragmented one by one. A
// run is a request whose id follows from what is asked, so that asking again is the same run.
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { isFinal } from '../../shared/model/plan.ts';
import { isAbout } from '../plan-records/goal-key.ts';
import type { NodeView } from '../planner/view.ts';
import { formatBytes } from '../presence/format-bytes.ts';
import {
  type ClusterRecord,
  keys,
  type OperatorRequest,
  type PlanRecord,
} from '../store/records.ts';
import { onlyCluster } from './clusters.ts';
import {
  changeOrTimeout,
  planFor,
  type RequestDependencies,
  recordRequest,
  waitsFor,
} from './requests.ts';
import { whereSentence } from './snapshot-documents.ts';

export interface TaskAnswer {
  readonly pending: boolean;
  readonly done: boolean;
  readonly lines: readonly string[];
}

const pollMs = 20_000;

const words = { snapshot: 'etcd snapshot', defragment: 'etcd defragmentation' } as const;

/** @throws AppError usage, refused */
export async function requestEtcdTask(
  deps: RequestDependencies,
  { task, runId }: { readonly task: string; readonly runId: string },
  signal: AbortSignal,
): Promise<TaskAnswer> {
  if (task !== 'snapshot' && task !== 'defragment')
    throw new AppError('usage', `etcd can be asked for a snapshot or to defragment, not "${task}"`);
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(runId)) {
    throw new AppError('usage', 'a run id is up to 31 lower-case letters, digits and dashes');
  }
  const { value: cluster } = await onlyCluster(deps.store);
  const id = `${task[0]}${sha256Hex(JSON.stringify([cluster.name, task, runId])).slice(0, 15)}`;
  const asked: OperatorRequest = {
    kind: task,
    id,
    cluster: cluster.name,
    createdMs: deps.clock.now(),
  };
  await recordRequest(deps, asked, `${words[task]} asked for`);
  return task === 'snapshot'
    ? await snapshot(deps, asked, signal)
    : await defragmentation(deps, asked, signal);
}

async function snapshot(
  deps: RequestDependencies,
  { id, cluster }: OperatorRequest,
  signal: AbortSignal,
): Promise<TaskAnswer> {
  const sought = { id, goal: 'snapshot', kind: 'etcd-snapshot', cluster } as const;
  const plan = await planFor(deps, sought, signal);
  if (plan.state === 'pending') return { pending: true, done: false, lines: [plan.waitsFor] };
  if (plan.state === 'failed') return { pending: false, done: false, lines: [plan.message] };
  const { revision = '', hash = '', bytes = '', path = '' } = plan.outputs;
  const stored = await deps.store.get<ClusterRecord>(keys.cluster(cluster));
  const known = stored?.value.snapshots?.find((one) => one.id === id);
  // What the plan brought is learned in the next turn, within moments.
  if (stored === null || known === undefined)
    return { pending: true, done: false, lines: ['the coordinator to write it down'] };
  return {
    pending: false,
    done: true,
    lines: [
      `snapshot ${id} of revision ${revision}, hash ${hash}, ${formatBytes(Number(bytes))}`,
      `it lies on ${known.nodeName} as ${path}`,
      whereSentence(stored.value, known),
    ],
  };
}

async function defragmentation(
  deps: RequestDependencies,
  asked: OperatorRequest,
  signal: AbortSignal,
): Promise<TaskAnswer> {
  const until = deps.clock.boot() + pollMs;
  const since = await createdMs(deps, asked);
  for (;;) {
    const after = await deps.store.revision();
    const view = await deps.clusters.view(asked.cluster);
    const members = (view?.cluster.etcd?.members ?? []).flatMap(({ nodeId, name }) => {
      const node = view?.nodes.find(({ record: { id } }) => id === nodeId);
      return node === undefined ? [] : [{ name, node, plan: lastPlan(node, since) }];
    });
    const open = members.filter(({ plan }) => plan === undefined || !isOver(plan));
    if (members.length > 0 && open.length === 0) {
      return {
        pending: false,
        done: members.every(({ plan }) => plan?.state === 'done'),
        lines: members.map(({ name, plan }) => `${name}: ${endOf(plan)}`),
      };
    }
    const left = until - deps.clock.boot();
    if (left <= 0) return { pending: true, done: false, lines: [whatNext(deps, asked, open)] };
    const wait = { store: deps.store, clock: deps.clock, after, ms: left, signal };
    await changeOrTimeout(wait);
  }
}

/** Of the first time that it was asked. */
async function createdMs(
  { store }: RequestDependencies,
  { id, createdMs: now }: OperatorRequest,
): Promise<number> {
  return (await store.get<OperatorRequest>(keys.request(id)))?.value.createdMs ?? now;
}

const lastPlan = ({ record: { id }, plans }: NodeView, since: number): PlanRecord | undefined =>
  plans.findLast(
    ({ goalKey, issuedMs }) => isAbout(goalKey, 'defragment', id) && issuedMs >= since,
  );

/** Another attempt follows one that may be repeated. */
const isOver = (plan: PlanRecord): boolean =>
  isFinal(plan.state) && plan.state !== 'expired' && !isRepeated(plan);

const attempts = 3;
const isRepeated = ({ state, error, attempt }: PlanRecord): boolean =>
  state === 'failed' && error?.retryable === true && attempt < attempts;

function endOf(plan: PlanRecord | undefined): string {
  if (plan?.state !== 'done') {
    const why = plan?.error?.message ?? plan?.message ?? plan?.state ?? 'nothing was done';
    return `not defragmented: ${why} (coordinator plan show ${plan?.planId ?? ''})`;
  }
  const { before, after } =
    plan.steps.find(({ outputs }) => outputs['after'] !== undefined)?.outputs ?? {};
  return `defragmented, ${formatBytes(Number(before))} before and ${formatBytes(Number(after))} after`;
}

function whatNext(
  deps: RequestDependencies,
  asked: OperatorRequest,
  open: readonly {
    readonly name: string;
    readonly node: NodeView;
    readonly plan?: PlanRecord | undefined;
  }[],
): string {
  const running = open.find(({ plan }) => plan !== undefined);
  if (running !== undefined)
    return `${running.name}: ${running.plan?.goal} (${running.plan?.state})`;
  const away = open.find(({ node }) => !node.online);
  if (away !== undefined) return `the agent of ${away.name}, which does not call`;
  const said = waitsFor(deps, asked);
  return open.length === 0 ? said : `${open.map(({ name }) => name).join(', ')} (${said})`;
}
