// Approve, evict, ban and remove: finds whom a name means, has it judged, and makes it so at once. What
// it would do can be asked for first; what takes something away is done only when that was confirmed.
import { AppError } from '../../shared/errors.ts';
import { asNodeId } from '../../shared/model/ids.ts';
import { isFinal } from '../../shared/model/plan.ts';
import { holdsItsPlace } from '../enrollment/find-duplicate.ts';
import type { RefusedJoin } from '../enrollment/refused-joins.ts';
import { recordApproval } from '../identity/approval.ts';
import {
  judgeNodeChange,
  type NodeAction,
  type NodeSituation,
  type NodeVerdict,
  nodeActions,
} from '../identity/judge-node-change.ts';
import { type ClusterRecord, keys, type NodeRecord } from '../store/records.ts';
import type { Stored } from '../store/store.ts';
import { nodesNamed } from './clusters.ts';
import type { OperatorDependencies } from './dependencies.ts';
import { noteOperator } from './note.ts';

export interface NodeChange {
  readonly action: string;
  /** A node's name or id; for approve also of a host that was refused. */
  readonly name: string;
  readonly isDryRun: boolean;
  /** The operator has said that it may take something away. */
  readonly isConfirmed: boolean;
}

type Dependencies = Pick<OperatorDependencies, 'store' | 'audit' | 'feed' | 'clock' | 'identities'>;

/** @returns what was done, or would be, in sentences. @throws AppError not-found, refused, usage */
export async function changeNode(
  deps: Dependencies,
  change: NodeChange,
): Promise<readonly string[]> {
  const { name } = change;
  const action = nodeActions.find((one) => one === change.action);
  if (action === undefined) {
    throw new AppError('usage', `a node can be ${nodeActions.join(', ')}: not "${change.action}"`);
  }
  const [node] = await nodesNamed(deps.store, name);
  const situation = node === undefined ? null : await situationOf(deps, node.value);
  const verdict = situation === null ? null : judgeNodeChange(action, situation);
  const waiting =
    action === 'approve'
      ? deps.identities.refused(name).filter(({ nodeId }) => nodeId !== node?.value.id)
      : [];
  const [host, ...more] = waiting;
  if (host !== undefined && verdict?.kind !== 'do') {
    if (more.length > 0)
      throw ambiguous(
        name,
        waiting.map(({ nodeId }) => nodeId),
      );
    return await approveJoin(deps, change, { host, holder: situation });
  }
  if (node === undefined || verdict === null) {
    const text = `there is no node ${name}, and no host of that name that was refused; \`get nodes\` and \`explain\` list what there is`;
    throw new AppError('not-found', text);
  }
  if (host !== undefined) throw ambiguous(name, [node.value.id, host.nodeId]);
  return await applyVerdict(deps, change, { action, node, verdict });
}

const ambiguous = (name: string, ids: readonly string[]): AppError =>
  new AppError(
    'refused',
    `${name} is several: say which one by its id, ${ids.join(' or ')} (explain and \`get node\` tell whose it is)`,
  );

async function situationOf(deps: Dependencies, node: NodeRecord): Promise<NodeSituation> {
  const cluster = await deps.store.get<ClusterRecord>(keys.cluster(node.cluster));
  if (cluster === null) throw new AppError('internal', `node ${node.name} has no cluster`);
  const named = await nodesNamed(deps.store, node.name);
  const successor = named.find(({ value }) => value.id !== node.id && holdsItsPlace(value));
  const { plans, isOnline, isMissed } = deps.identities;
  const unfinished = await plans.unfinishedOf(node.id);
  return {
    node,
    cluster: cluster.value,
    isOnline: isOnline(node.id),
    isMissed: isMissed(node.id),
    isJoining: unfinished.some(({ goalKey }) => goalKey.kind === 'join'),
    successor: successor?.value ?? null,
    now: deps.clock.now(),
  };
}

interface Judged {
  readonly action: NodeAction;
  readonly node: Stored<NodeRecord>;
  readonly verdict: NodeVerdict;
}

async function applyVerdict(
  deps: Dependencies,
  change: NodeChange,
  { action, node, verdict }: Judged,
): Promise<readonly string[]> {
  if (verdict.kind === 'refuse') throw new AppError('refused', verdict.why);
  const { what, notes, isDestructive } = verdict;
  if (change.isDryRun) return [`would be so: ${what}`, ...notes];
  if (isDestructive && !change.isConfirmed) requireConfirmed(change, [what, ...notes]);
  const stored = await deps.store.put(node.key, verdict.node, node.revision);
  if (stored.kind === 'conflict') {
    throw new AppError('conflict', `${node.value.name} changed meanwhile: try again`, {
      retryable: true,
    });
  }
  const { id, name, cluster, state: before } = node.value;
  const { state } = verdict.node;
  const fields = { nodeId: id, name, before, state, why: `operator: ${action}` };
  await deps.audit.append('node-state', fields);
  if (state === 'active') deps.identities.forget(id);
  else await endPlans(deps, verdict.node);
  deps.identities.wake(id);
  const note = { call: `node ${action}`, cluster, text: what, fields: { nodeId: id, name } };
  await noteOperator(deps, note);
  return [what, ...notes];
}

function requireConfirmed({ action, name }: NodeChange, lines: readonly string[]): void {
  throw new AppError(
    'refused',
    `nothing was done: ${lines.join('; ')}. Say so with --yes: \`coordinator node ${action} ${name} --yes\``,
  );
}

/** Nobody will hear how they end: whoever is heard again lists what it still does. */
async function endPlans({ identities, clock }: Dependencies, node: NodeRecord): Promise<void> {
  for (const { planId } of await identities.plans.unfinishedOf(node.id)) {
    await identities.plans.change(planId, (plan) =>
      isFinal(plan.state)
        ? plan
        : {
            ...plan,
            state: 'stopped',
            stopRequested: true,
            finishedMs: clock.now(),
            message: `its host is ${node.state}`,
          },
    );
  }
}

/** A host that looks like another may join all the same, with the token that it has. */
async function approveJoin(
  deps: Dependencies,
  change: NodeChange,
  { host, holder }: { readonly host: RefusedJoin; readonly holder: NodeSituation | null },
): Promise<readonly string[]> {
  const { name, cluster, source } = host;
  const nodeId = asNodeId(host.nodeId);
  const isReplacing = holder !== null && holdsItsPlace(holder.node) && holder.node.name === name;
  const replaced = isReplacing ? holder : null;
  if (replaced?.isOnline === true) {
    throw new AppError(
      'refused',
      `${name} is a node whose agent calls, and the host from ${source} is another one: give that another name, or evict ${name} first`,
    );
  }
  const what = `the host from ${source} (${nodeId}) may join as ${name}`;
  const notes = [
    'its agent tries again within a minute, with the token that it has',
    ...(replaced === null
      ? []
      : [`node ${name} (${replaced.node.id}), which is away, is evicted when it does`]),
  ];
  if (change.isDryRun) return [`would be so: ${what}`, ...notes];
  if (replaced !== null && !change.isConfirmed) requireConfirmed(change, [what, ...notes]);
  const replaces = replaced?.node.id ?? null;
  await recordApproval(deps.store, { nodeId, name, cluster, replaces, atMs: deps.clock.now() });
  const fields = { nodeId, name, replaces };
  await noteOperator(deps, { call: 'node approve', cluster, text: what, fields });
  return [what, ...notes];
}
