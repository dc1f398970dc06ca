// Get and Watch: documents of a kind, and when to ask again.
import { AppError } from '../../shared/errors.ts';
import { envelopeFromStored } from '../../shared/rpc/codec.ts';
import { holdsItsPlace } from '../enrollment/find-duplicate.ts';
import { matchesSubject } from '../events/event-feed.ts';
import { isRemoved } from '../identity/removed.ts';
import type { NodeView } from '../planner/view.ts';
import { nearestName } from '../spec/nearest.ts';
import {
  type ClusterRecord,
  type EnvelopeRecord,
  keys,
  type NodeRecord,
  type PlanRecord,
  type TokenRecord,
} from '../store/records.ts';
import { certificateDocuments } from './certificate-documents.ts';
import { allClusters, noCluster } from './clusters.ts';
import type { OperatorDependencies } from './dependencies.ts';
import {
  type ArtifactDocument,
  type Document,
  type DocumentKind,
  documentKinds,
  type TokenDocument,
} from './documents.ts';
import { etcdMemberDocuments } from './etcd-member-documents.ts';
import { clusterDocument, nodeDocument, poolDocuments, type Seen } from './node-documents.ts';
import { getOperators } from './operator-documents.ts';
import { rolloutDocuments } from './rollout-documents.ts';
import { seenCluster } from './seen.ts';
import { snapshotDocuments } from './snapshot-documents.ts';

type Dependencies = Pick<
  OperatorDependencies,
  'store' | 'clusters' | 'health' | 'artifacts' | 'clock' | 'feed' | 'ownCertificates'
>;

const readers: Readonly<
  Record<DocumentKind, (deps: Dependencies, name: string) => Promise<readonly Document[]>>
> = {
  nodes: getNodes,
  pools: async (deps) => (await seenClusters(deps)).flatMap(poolDocuments),
  clusters: async (deps) =>
    (await seenClusters(deps)).map((seen) =>
      clusterDocument(seen, {
        pull: deps.artifacts.pullState(seen.view.cluster.lock),
        now: deps.clock.now(),
      }),
    ),
  plans: getPlans,
  rollouts: async (deps) => (await seenClusters(deps)).flatMap(rolloutDocuments),
  tokens: getTokens,
  operators: getOperators,
  events: getEvents,
  artifacts: getArtifacts,
  certificates: async (deps) => {
    const seen = await seenClusters(deps);
    const own = await deps.ownCertificates(seen.map(({ view }) => view.cluster.name));
    return certificateDocuments(seen, {
      own,
      reportOf: (id) => deps.health.book.of(id)?.report ?? null,
      now: deps.health.certificateClock.now(),
    });
  },
  snapshots: async (deps) => (await allClusters(deps.store)).flatMap(snapshotDocuments),
  'etcd-members': async (deps) =>
    (await seenClusters(deps)).flatMap((seen) => etcdMemberDocuments(seen, deps)),
};

/** @throws AppError not-found for a name that is not there, usage for a kind that is not. */
export async function getDocuments(
  deps: Dependencies,
  kind: string,
  name: string,
): Promise<readonly Document[]> {
  if (!isKind(kind)) {
    throw new AppError(
      'usage',
      `there is no kind "${kind}"; there are: ${documentKinds.join(', ')}`,
    );
  }
  const documents = await readers[kind](deps, name);
  if (name === '' || kind === 'events') return documents;
  const found = documents.filter((document) => document.name === name);
  if (found.length > 0) return found;
  const one = kind.replace(/s$/, '');
  const nearest = nearestName(
    name,
    documents.map((document) => document.name),
  );
  const hint =
    nearest === null ? `\`get ${kind}\` lists what there is` : `did you mean ${nearest}?`;
  throw new AppError('not-found', `there is no ${one} ${name}; ${hint}`);
}

const isKind = (kind: string): kind is DocumentKind =>
  (documentKinds as readonly string[]).includes(kind);

async function seenClusters(deps: Dependencies): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const { name } of await allClusters(deps.store)) {
    const one = await seenCluster(deps, name);
    if (one !== null) seen.push(one);
  }
  return seen;
}

async function getNodes(deps: Dependencies, name: string): Promise<readonly Document[]> {
  const seen = await seenClusters(deps);
  return seen.flatMap((one) =>
    shownNodes(one.view.nodes)
      .toSorted((a, b) => (a.record.name < b.record.name ? -1 : 1))
      .map((node) => {
        const isAsked = node.record.name === name;
        const report = deps.health.book.of(node.record.id)?.report ?? null;
        return nodeDocument(one, node, isAsked ? report : undefined);
      }),
  );
}

/** Not those that were removed, nor one that has left its name to another. */
function shownNodes(nodes: readonly NodeView[]): readonly NodeView[] {
  const names = new Set(
    nodes.filter(({ record }) => holdsItsPlace(record)).map(({ record }) => record.name),
  );
  return nodes.filter(
    ({ record }) => !isRemoved(record) && (holdsItsPlace(record) || !names.has(record.name)),
  );
}

async function getPlans(deps: Dependencies, name: string): Promise<readonly Document[]> {
  const records = (await deps.store.range<PlanRecord>(keys.plans)).map((stored) => stored.value);
  const sorted = records.toSorted((a, b) => a.issuedMs - b.issuedMs || a.sequence - b.sequence);
  const payload = records.some((plan) => plan.planId === name)
    ? await payloadOf(deps, name)
    : undefined;
  return sorted.map((plan) => ({
    ...plan,
    kind: 'Plan',
    name: plan.planId,
    labels: { node: plan.nodeName, lane: plan.lane, state: plan.state },
    ...(plan.planId === name && payload !== undefined ? { payload } : {}),
  }));
}

async function payloadOf(deps: Dependencies, planId: string): Promise<unknown> {
  const stored = await deps.store.get<EnvelopeRecord>(keys.envelope(planId));
  if (stored === null) return undefined;
  const { payload } = envelopeFromStored(stored.value.envelope);
  return JSON.parse(Buffer.from(payload).toString('utf8')) as unknown;
}

async function getTokens(deps: Dependencies): Promise<readonly Document[]> {
  const nodes = (await deps.store.range<NodeRecord>(keys.nodes)).map((stored) => stored.value);
  const names = new Map(nodes.map((node) => [node.id, node.name]));
  const tokens = (await deps.store.range<TokenRecord>(keys.tokens)).map((stored) => stored.value);
  const now = deps.clock.now();
  return tokens
    .toSorted((a, b) => a.createdMs - b.createdMs)
    .map(
      (token): TokenDocument => ({
        kind: 'Token',
        name: token.id,
        cluster: token.cluster,
        pool: token.pool,
        state: tokenState(token, now),
        uses: token.uses,
        usedBy: token.spentBy.map((id) => names.get(id) ?? id),
        createdMs: token.createdMs,
        expiresMs: token.expiresMs,
        nodeName: token.nodeName,
        sourceRange: token.sourceRange,
        standing: token.standing,
        labels: { pool: token.pool },
      }),
    );
}

function tokenState(token: TokenRecord, now: number): TokenDocument['state'] {
  if (token.revoked) return 'revoked';
  if (token.expiresMs <= now) return 'expired';
  return token.spentBy.length >= token.uses ? 'used-up' : 'valid';
}

const eventsShown = 500;

async function getEvents(deps: Dependencies, name: string): Promise<readonly Document[]> {
  const { lines } = deps.feed.read(0, matchesSubject(name));
  return lines.slice(-eventsShown).map((line) => ({
    ...line,
    kind: 'Event',
    name: String(line.cursor),
    labels: { level: line.level },
  }));
}

async function getArtifacts(deps: Dependencies): Promise<readonly Document[]> {
  const clusters: readonly ClusterRecord[] = await allClusters(deps.store);
  if (clusters.length === 0) throw noCluster();
  const stored = await deps.artifacts.stored();
  return clusters.flatMap((cluster) =>
    cluster.lock.artifacts.map(
      ({ kind, ...artifact }): ArtifactDocument => ({
        ...artifact,
        kind: 'Artifact',
        type: kind,
        cluster: cluster.name,
        stored: stored.has(artifact.sha256),
        labels: { arch: artifact.arch, type: kind },
      }),
    ),
  );
}
