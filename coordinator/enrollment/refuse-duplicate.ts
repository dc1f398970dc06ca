// Turns away a host that looks like one that is there, and says so where it can be acted on: to the
// host, in the audit log, in the feed and in `explain`.
import { AppError } from '../../shared/errors.ts';
import { approvalOf } from '../identity/approval.ts';
import {
  type ApprovalRecord,
  type ClusterRecord,
  type FactsRecord,
  keys,
  type NodeRecord,
  type TokenRecord,
} from '../store/records.ts';
import { update } from '../store/store.ts';
import type { Applicant } from './applicant.ts';
import { type Duplicate, findDuplicate, holdsItsPlace, isLeaving } from './find-duplicate.ts';
import type { JoinDependencies } from './join-dependencies.ts';

/** @throws AppError refused, naming the field, the other node and the way out. */
export async function refuseDuplicate(
  deps: JoinDependencies,
  applicant: Applicant,
  token: TokenRecord,
): Promise<void> {
  const cluster = await deps.store.get<ClusterRecord>(keys.cluster(token.cluster));
  if (cluster === null || !cluster.value.spec.pools.some(({ name }) => name === token.pool)) {
    throw new AppError(
      'refused',
      `pool ${token.pool} of cluster ${token.cluster} is no more: make a token for another pool with \`coordinator token create\``,
    );
  }
  const all = (await deps.store.range<NodeRecord>(keys.nodes)).map(({ value }) => value);
  refuseBeyondCap(all, applicant);
  const found = await duplicateNow(deps, applicant, {
    nodes: all.filter((node) => node.cluster === token.cluster),
    approval: await approvalOf(deps.store, applicant.nodeId, deps.clock.now()),
  });
  if (found === null) return;
  const { field, value, other, mend } = found;
  const reason = `another node of cluster ${token.cluster} has the ${field} ${value}: ${other.name}, joined from ${other.joinedFrom} at ${new Date(other.joinedMs).toISOString()}`;
  const { nodeId, name, source } = applicant;
  const isNews = deps.refused.add({ cluster: token.cluster, nodeId, name, source, reason, mend });
  const told = isNews ? deps.limit.told(token.id) : null;
  if (told !== null) {
    await deps.audit.append('join-refused', {
      reason: 'duplicate',
      field,
      value,
      other: other.id,
      nodeId,
      name,
      source,
      ...told,
    });
    deps.feed.append([
      {
        atMs: deps.clock.now(),
        node: name,
        cluster: token.cluster,
        planId: null,
        stepId: null,
        level: 'warn',
        text: `join from ${source} refused: ${reason}`,
      },
    ]);
    deps.log.warn({ nodeId, name, source, field, other: other.name }, 'join refused: duplicate');
  }
  throw new AppError('refused', `${reason}; ${mend}`);
}

/** The first that no operator has approved; a node whose place was given to this host is evicted. */
async function duplicateNow(
  deps: JoinDependencies,
  applicant: Applicant,
  among: { readonly nodes: readonly NodeRecord[]; readonly approval: ApprovalRecord | null },
): Promise<Duplicate | null> {
  const { approval } = among;
  const facts = await deps.store.range<FactsRecord>(keys.allFacts);
  const byNode = new Map(facts.map(({ value }) => [value.nodeId, value]));
  let { nodes } = among;
  for (;;) {
    const found = findDuplicate(applicant, nodes, byNode);
    if (found === null || approval === null) return found;
    const { other } = found;
    const isReplaced = other.id === approval.replaces;
    // Two nodes of one name there are never, whoever approved it.
    if (found.field === 'node name' && (!isReplaced || isLeaving(other))) return found;
    if (isReplaced) await evictReplaced(deps, applicant, other);
    nodes = nodes.filter(({ id }) => id !== other.id);
  }
}

async function evictReplaced(
  deps: JoinDependencies,
  { nodeId, name }: Applicant,
  other: NodeRecord,
): Promise<void> {
  const stateSinceMs = deps.clock.now();
  await update<NodeRecord>(deps.store, keys.node(other.id), (current) =>
    current === null || !holdsItsPlace(current)
      ? null
      : { ...current, state: 'evicted', stateSinceMs },
  );
  const { state: before } = other;
  const fields = { nodeId: other.id, name, before, state: 'evicted', successor: nodeId };
  await deps.audit.append('node-state', fields);
}

/** What a leaked token can make of the store has an end. */
const mostNodes = 5_000;

function refuseBeyondCap(nodes: readonly NodeRecord[], { nodeId }: Applicant): void {
  const holding = nodes.filter(holdsItsPlace);
  if (holding.length < mostNodes || holding.some(({ id }) => id === nodeId)) return;
  throw new AppError(
    'refused',
    `the fleet has ${mostNodes} nodes, and takes no more: remove some that are gone (\`coordinator node remove NAME\`)`,
  );
}
