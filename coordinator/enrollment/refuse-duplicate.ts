// Turns away a host that looks like one that is there, and says so where it can be acted on: to the
// host, in the audit log, in the feed and in `explain`.
import { AppError } from '../../shared/errors.ts';
import {
  type ClusterRecord,
  type FactsRecord,
  keys,
  type NodeRecord,
  type TokenRecord,
} from '../store/records.ts';
import type { Applicant } from './applicant.ts';
import { findDuplicate } from './find-duplicate.ts';
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
  const nodes = (await deps.store.range<NodeRecord>(keys.nodes))
    .map(({ value }) => value)
    .filter((node) => node.cluster === token.cluster);
  const facts = await deps.store.range<FactsRecord>(keys.allFacts);
  const found = findDuplicate(
    applicant,
    nodes,
    new Map(facts.map(({ value }) => [value.nodeId, value])),
  );
  if (found === null) return;
  const { field, value, other, mend } = found;
  const reason = `another node of cluster ${token.cluster} has the ${field} ${value}: ${other.name}, joined from ${other.joinedFrom} at ${new Date(other.joinedMs).toISOString()}`;
  const { nodeId, name, source } = applicant;
  const isNews = deps.refused.add({ cluster: token.cluster, nodeId, name, source, reason, mend });
  if (isNews) {
    await deps.audit.append('join-refused', {
      reason: 'duplicate',
      field,
      value,
      other: other.id,
      nodeId,
      name,
      source,
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
