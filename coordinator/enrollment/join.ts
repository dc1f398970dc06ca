// One join, from the request to the identity. The atomic decision is one compare-and-set of the
// token record, which lists the keys that spent it; the node record follows from it and is made
// again by the same key asking again, so a lost reply or a crash in between never strands a host.
import { digestOf } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { planningFacts } from '../../shared/model/facts.ts';
import { dropApproval } from '../identity/approval.ts';
import { isMachineBanned } from '../identity/banned-machine.ts';
import { originOf } from '../identity/origin.ts';
import { type FactsRecord, keys, type NodeRecord, type TokenRecord } from '../store/records.ts';
import { type Stored, update } from '../store/store.ts';
import { BAD_TOKEN_TEXT, tokenOf } from './admit.ts';
import { type Applicant, type JoinClaim, provenApplicant } from './applicant.ts';
import { isLeaving } from './find-duplicate.ts';
import type { JoinDependencies } from './join-dependencies.ts';
import { type BadTokenReason, judgeToken, type TokenVerdict } from './judge-token.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { refuseDuplicate } from './refuse-duplicate.ts';

export type Join = (claim: JoinClaim) => Promise<NodeRecord>;

export function createJoin(deps: JoinDependencies): Join {
  // Looking for duplicates and recording the node are two reads and two writes: without this, two
  // hosts with one machine-id that join in the same moment would both get in.
  const inTurn = oneAtATime();
  return async (claim) => {
    const applicant = await provenApplicant(deps, claim);
    return await inTurn(() => letIn(deps, applicant));
  };
}

async function letIn(deps: JoinDependencies, applicant: Applicant): Promise<NodeRecord> {
  for (;;) {
    const node = await deps.store.get<NodeRecord>(keys.node(applicant.nodeId));
    const { token, verdict } = await judge(deps, applicant, node?.value ?? null);
    if (verdict.kind === 'bad' || token === null) {
      throw await badToken(deps, applicant, verdict.kind === 'bad' ? verdict.reason : 'unknown');
    }
    const isMember = node !== null && node.value.state === 'active';
    if (isMember) {
      refuseOtherPlace(node.value, token.value);
      return await welcomeAgain(deps, applicant, node.value);
    }
    if (await isMachineBanned(deps.store, applicant)) {
      throw await badToken(deps, applicant, 'machine-banned');
    }
    if (node !== null) refuseLeftBehind(node.value, token.value);
    await refuseDuplicate(deps, applicant, token.value);
    const spentBy = new Set([...token.value.spentBy, applicant.nodeId]);
    // Written also when the use was spent before: someone else spent one, or an operator revoked the
    // token, since it was read. Then it is judged anew.
    const spent = { ...token.value, spentBy: [...spentBy] };
    const stored = await deps.store.put(keys.token(spent.id), spent, token.revision);
    if (stored.kind === 'conflict') continue;
    const joined = await record(deps, applicant, token.value);
    if (joined !== null) return joined;
  }
}

async function judge(
  deps: JoinDependencies,
  applicant: Applicant,
  node: NodeRecord | null,
): Promise<{ token: Stored<TokenRecord> | null; verdict: TokenVerdict }> {
  const held = await tokenOf(deps.store, applicant.credential);
  if (held.kind === 'bad') return { token: null, verdict: held };
  const { token } = held;
  const verdict = judgeToken(token.value, {
    nodeId: applicant.nodeId,
    nodeName: applicant.name,
    source: applicant.source,
    now: deps.clock.now(),
    identity: node?.state ?? null,
  });
  return { token, verdict };
}

async function badToken(
  deps: JoinDependencies,
  applicant: Applicant,
  reason: BadTokenReason,
): Promise<AppError> {
  deps.limit.failed(applicant.source);
  const [tokenId = ''] = applicant.credential.split('.');
  const { nodeId, name, source } = applicant;
  // A token that is over lets nobody in, and does not let its holder fill the audit log either.
  const told = deps.limit.told(tokenId);
  if (told !== null) {
    await deps.audit.append('join-refused', { reason, tokenId, nodeId, name, source, ...told });
    deps.log.warn({ reason, nodeId, name, source }, 'join refused');
  }
  return new AppError('unauthenticated', BAD_TOKEN_TEXT);
}

function refuseOtherPlace(node: NodeRecord, token: TokenRecord): void {
  if (node.cluster === token.cluster && node.pool === token.pool) return;
  throw new AppError(
    'refused',
    `this host is node ${node.name} of pool ${node.pool} in cluster ${node.cluster} already: remove it there before it joins pool ${token.pool} of ${token.cluster}`,
  );
}

/** A key that comes back is the host that it was: what was laid down there does not change its place. */
function refuseLeftBehind(node: NodeRecord, token: TokenRecord): void {
  if (isLeaving(node)) {
    throw new AppError(
      'refused',
      `${node.name} is being removed: this host may join when a master has deleted its Node object; it tries again by itself`,
    );
  }
  const isPartOf =
    node.state === 'evicted' && node.isGone !== true && node.applied.kubernetes !== undefined;
  if (isPartOf) refuseOtherPlace(node, token);
}

async function welcomeAgain(
  deps: JoinDependencies,
  applicant: Applicant,
  node: NodeRecord,
): Promise<NodeRecord> {
  await deps.audit.append('join-repeated', {
    nodeId: node.id,
    name: node.name,
    source: applicant.source,
  });
  return node;
}

/** Null when an operator banned or locked the key since it was judged. */
async function record(
  deps: JoinDependencies,
  applicant: Applicant,
  token: TokenRecord,
): Promise<NodeRecord | null> {
  const now = deps.clock.now();
  const { nodeId, name, source, publicKey, facts } = applicant;
  const digest = digestOf(planningFacts(facts));
  // Facts first: a node that is seen is seen whole.
  await update<FactsRecord>(deps.store, keys.facts(nodeId), () => ({
    nodeId,
    digest,
    reportedMs: now,
    facts,
  }));
  let isKept = false;
  const node = await update<NodeRecord>(deps.store, keys.node(nodeId), (current) => {
    isKept = current?.state === 'banned' || current?.state === 'locked';
    if (isKept) return null;
    // What a host had that was removed is not known any more.
    const isNew = current === null || current.state === 'retired' || current.isGone === true;
    return {
      id: nodeId,
      name,
      cluster: token.cluster,
      pool: token.pool,
      state: 'active',
      publicKey,
      // A key that comes back keeps its numbers: they never go down.
      counter: (current?.counter ?? 0) + 1,
      joinedMs: now,
      tokenId: token.id,
      joinedFrom: source,
      sequence: current?.sequence ?? { host: 0, cluster: 0 },
      applied: isNew ? {} : current.applied,
      retryGeneration: current?.retryGeneration ?? 0,
      origin: originOf(facts),
      stateSinceMs: now,
    };
  });
  if (isKept) return null;
  if (node === null) throw new AppError('internal', `node ${nodeId} was not stored`);
  deps.refused.forget(nodeId);
  await dropApproval(deps.store, nodeId);
  await deps.audit.append('joined', {
    nodeId,
    name,
    cluster: node.cluster,
    pool: node.pool,
    tokenId: token.id,
    source,
    agentVersion: applicant.agentVersion,
  });
  deps.feed.append([
    {
      atMs: now,
      node: name,
      cluster: node.cluster,
      planId: null,
      stepId: null,
      level: 'info',
      text: `joined pool ${node.pool} from ${source}`,
    },
  ]);
  deps.log.info({ nodeId, name, clusterId: node.cluster, source }, 'node joined');
  return node;
}
