// The read model: every record that decisions and documents are made of, kept in memory and brought up
// to date by what changed in the store since the last look. A fleet at rest costs nothing to read; a
// host of which nothing changed is the same object as before.
import type { CertificateHealth } from '../shared/model/health.ts';
import type { NodeId } from '../shared/model/ids.ts';
import { isFinal, type Lane } from '../shared/model/plan.ts';
import type { ArtifactView, ClusterView, NodeView } from './planner/view.ts';
import { etcdViewOf } from './presence/etcd-view.ts';
import type { HealthBook } from './presence/health-book.ts';
import type { PollState, Polls } from './presence/polls.ts';
import {
  type ClusterRecord,
  type FactsRecord,
  keys,
  type NodeRecord,
  type OperatorRequest,
  type PlanRecord,
} from './store/records.ts';
import type { Store, Stored } from './store/store.ts';

export interface ReadModelSources {
  readonly store: Store;
  readonly polls: Polls;
  /** Of now, and what agents measured. */
  readonly health?: { readonly book: Pick<HealthBook, 'of'>; readonly now: () => number };
  readonly artifacts: (cluster: ClusterRecord) => Promise<ArtifactView>;
  /** As its agent measured it lately; null: not known. Left out: nobody measures. */
  readonly isNodeReady?: (nodeId: NodeId) => boolean | null;
  /** As its agent measured them last: the same list for as long as it says the same. */
  readonly certificatesOf?: (nodeId: NodeId) => readonly CertificateHealth[] | null;
  /** What their ends are compared with. */
  readonly certificatesNow?: () => number;
}

export interface ReadModel {
  /** Looks at what changed. @returns what is known now */
  refresh(): Promise<Snapshot>;
}

/** Everything about every cluster, at one revision of the store. */
export interface Snapshot {
  readonly clusters: readonly Stored<ClusterRecord>[];
  readonly nodes: readonly NodeRecord[];
  /** Grows with every change that decisions look at: not while a host only goes on with its plan. */
  readonly decisive: number;
  /** Facts of hosts are told again and again; they are in the records only when they changed. */
  viewOf(cluster: ClusterRecord): Promise<ClusterView>;
}

const prefixes = [keys.clusters, keys.nodes, keys.allFacts, keys.plans, keys.requests] as const;
type Prefix = (typeof prefixes)[number];

export function createReadModel(sources: ReadModelSources): ReadModel {
  const { store, polls } = sources;
  const records = new Map<Prefix, Map<string, Stored<unknown>>>(
    prefixes.map((prefix) => [prefix, new Map()]),
  );
  /** The node of every plan that is known, so that a plan that is gone is taken from its node. */
  const plans = new Map<NodeId, Map<string, PlanRecord>>();
  const plansSorted = new Map<NodeId, readonly PlanRecord[]>();
  const views = new Map<NodeId, NodeView>();
  let revision = 0;
  let decisive = 0;
  let looking: Promise<void> = Promise.resolve();

  const tableOf = (key: string) => {
    const prefix = prefixes.find((one) => key.startsWith(one));
    return prefix === undefined ? undefined : records.get(prefix);
  };

  const take = (stored: Stored<unknown>): void => {
    const table = tableOf(stored.key);
    if (table === undefined) return;
    const before = table.get(stored.key);
    table.set(stored.key, stored);
    if (!stored.key.startsWith(keys.plans)) {
      decisive += 1;
      return;
    }
    const plan = stored.value as PlanRecord;
    if (before === undefined || !isOnlyProgress(before.value as PlanRecord, plan)) decisive += 1;
    const own = plans.get(plan.nodeId) ?? new Map<string, PlanRecord>();
    plans.set(plan.nodeId, own);
    own.set(stored.key, plan);
    plansSorted.delete(plan.nodeId);
  };

  const forget = (key: string): void => {
    const gone = tableOf(key)?.get(key);
    if (gone !== undefined) decisive += 1;
    tableOf(key)?.delete(key);
    if (gone === undefined || !key.startsWith(keys.plans)) return;
    const { nodeId } = gone.value as PlanRecord;
    plans.get(nodeId)?.delete(key);
    plansSorted.delete(nodeId);
  };

  const update = async (): Promise<void> => {
    if ((await store.revision()) === revision) return;
    const changes = await store.changesSince(revision);
    if (changes.isComplete) {
      decisive += 1;
      for (const table of records.values()) table.clear();
      plans.clear();
      plansSorted.clear();
    }
    for (const key of changes.deleted) forget(key);
    for (const stored of changes.records) take(stored);
    revision = changes.revision;
  };

  const sortedPlans = (nodeId: NodeId): readonly PlanRecord[] => {
    const known = plansSorted.get(nodeId);
    if (known !== undefined) return known;
    const sorted = [...(plans.get(nodeId)?.values() ?? [])].sort(
      (a, b) => a.issuedMs - b.issuedMs || a.sequence - b.sequence,
    );
    plansSorted.set(nodeId, sorted);
    return sorted;
  };

  const etcdOf = (id: NodeId): Pick<NodeView, 'etcd'> => {
    const { health } = sources;
    const etcd = health === undefined ? undefined : etcdViewOf(health.book.of(id), health.now());
    return etcd === undefined ? {} : { etcd };
  };

  const viewOfNode = (record: NodeRecord): NodeView => {
    const { id } = record;
    const facts = records.get(keys.allFacts)?.get(keys.facts(id))?.value as FactsRecord | undefined;
    const told = polls.state(id);
    const view: NodeView = {
      record,
      facts: facts ?? null,
      factsToldMs: latest(facts?.reportedMs ?? null, polls.factsReportedMs(id)),
      lastPollMs: told?.lastPollMs ?? null,
      online: polls.isOnline(id),
      isNodeReady: sources.isNodeReady?.(id) ?? null,
      certificates: sources.certificatesOf?.(id) ?? null,
      doing: doingOf(told),
      plans: sortedPlans(id),
      ...etcdOf(id),
    };
    const before = views.get(id);
    if (before !== undefined && isSame(before, view)) return before;
    views.set(id, view);
    return view;
  };

  const values = <T>(prefix: Prefix): readonly Stored<T>[] =>
    [...(records.get(prefix)?.values() ?? [])] as Stored<T>[];

  return {
    async refresh() {
      // Two looks at once must not take the same changes twice, and each sees what came before it.
      looking = looking.then(update, update);
      await looking;
      const nodes = values<NodeRecord>(keys.nodes).map(({ value }) => value);
      return {
        clusters: values<ClusterRecord>(keys.clusters),
        nodes,
        decisive,
        viewOf: async (cluster) => ({
          cluster,
          nodes: nodes.filter((node) => node.cluster === cluster.name).map(viewOfNode),
          requests: values<OperatorRequest>(keys.requests)
            .map(({ value }) => value)
            .filter((request) => request.cluster === cluster.name),
          artifacts: await sources.artifacts(cluster),
          ...(sources.certificatesNow === undefined
            ? {}
            : { certificatesNow: sources.certificatesNow() }),
        }),
      };
    },
  };
}

/** Its steps are told about, and nothing of the plan itself, which goes on. */
const isOnlyProgress = (before: PlanRecord, after: PlanRecord): boolean =>
  !isFinal(after.state) &&
  Object.entries(after).every(
    ([name, value]) => typeof value === 'object' || before[name as keyof PlanRecord] === value,
  );

const latest = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

const isSame = (a: NodeView, b: NodeView): boolean =>
  a.record === b.record &&
  a.facts === b.facts &&
  a.factsToldMs === b.factsToldMs &&
  a.lastPollMs === b.lastPollMs &&
  a.online === b.online &&
  a.isNodeReady === b.isNodeReady &&
  a.certificates === b.certificates &&
  a.plans === b.plans &&
  isSameEtcd(a.etcd, b.etcd) &&
  a.doing.host === b.doing.host &&
  a.doing.cluster === b.doing.cluster;

const isSameEtcd = (a: NodeView['etcd'], b: NodeView['etcd']): boolean =>
  a?.isHealthy === b?.isHealthy && a?.isLeader === b?.isLeader && a?.isSparse === b?.isSparse;

function doingOf(told: PollState | null): Readonly<Record<Lane, string>> {
  const doing = (lane: Lane): string =>
    told?.lanes.find((entry) => entry.lane === lane)?.doing ?? '';
  return { host: doing('host'), cluster: doing('cluster') };
}
