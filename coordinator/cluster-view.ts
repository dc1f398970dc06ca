// The read model of a cluster for decide() and for showing: the store's records with what polls told
// laid over them. Reads only.
import type { Lane } from '../shared/model/plan.ts';
import type { ClusterView, NodeView } from './planner/view.ts';
import type { PollState, Polls } from './presence/polls.ts';
import {
  type ClusterRecord,
  type FactsRecord,
  keys,
  type NodeRecord,
  type OperatorRequest,
  type PlanRecord,
  type TokenRecord,
} from './store/records.ts';
import type { Store, Stored } from './store/store.ts';

export interface ViewSources {
  readonly store: Store;
  readonly polls: Polls;
  readonly storedArtifacts: () => Promise<ReadonlySet<string>>;
}

/** Everything about every cluster, read once. */
export interface Snapshot {
  readonly clusters: readonly Stored<ClusterRecord>[];
  readonly nodes: readonly NodeRecord[];
  viewOf(cluster: ClusterRecord): ClusterView;
}

export async function readSnapshot(sources: ViewSources): Promise<Snapshot> {
  const { store, polls } = sources;
  const clusters = await store.range<ClusterRecord>(keys.clusters);
  const nodes = values(await store.range<NodeRecord>(keys.nodes));
  const facts = new Map(
    values(await store.range<FactsRecord>(keys.allFacts)).map((record) => [record.nodeId, record]),
  );
  const plans = Map.groupBy(
    values(await store.range<PlanRecord>(keys.plans)),
    ({ nodeId }) => nodeId,
  );
  const tokens = values(await store.range<TokenRecord>(keys.tokens));
  const requests = values(await store.range<OperatorRequest>(keys.requests));
  const storedArtifacts = await sources.storedArtifacts();

  const viewOfNode = (record: NodeRecord): NodeView => {
    const told = polls.state(record.id);
    return {
      record,
      facts: withTime(facts.get(record.id) ?? null, polls.factsReportedMs(record.id)),
      lastPollMs: told?.lastPollMs ?? null,
      online: polls.isOnline(record.id),
      doing: doingOf(told),
      plans: (plans.get(record.id) ?? []).toSorted(
        (a, b) => a.issuedMs - b.issuedMs || a.sequence - b.sequence,
      ),
    };
  };
  return {
    clusters,
    nodes,
    viewOf: (cluster) => ({
      cluster,
      nodes: nodes.filter((node) => node.cluster === cluster.name).map(viewOfNode),
      tokens: tokens.filter((token) => token.cluster === cluster.name),
      requests: requests.filter((request) => request.cluster === cluster.name),
      storedArtifacts,
    }),
  };
}

/** Facts that did not change are not written again; when they were last told is in memory. */
function withTime(record: FactsRecord | null, toldMs: number | null): FactsRecord | null {
  if (record === null || toldMs === null || toldMs <= record.reportedMs) return record;
  return { ...record, reportedMs: toldMs };
}

function doingOf(told: PollState | null): Readonly<Record<Lane, string>> {
  const doing = (lane: Lane): string =>
    told?.lanes.find((entry) => entry.lane === lane)?.doing ?? '';
  return { host: doing('host'), cluster: doing('cluster') };
}

const values = <T>(records: readonly Stored<T>[]): T[] => records.map(({ value }) => value);
