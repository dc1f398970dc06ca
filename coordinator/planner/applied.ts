// What hosts are now known to have: from plans that ended well since their records were written. The
// rest of the turn sees it at once, so that nothing is planned twice between two writes.
import type { Applied, AppliedNews, ComponentName } from '../components/component.ts';
import type { PlanRecord } from '../store/records.ts';
import type { ClusterView, NodeView } from './view.ts';

export interface Learned {
  readonly view: ClusterView;
  readonly news: readonly AppliedNews[];
}

export function learnApplied(view: ClusterView): Learned {
  const forOthers = plansForOthers(view);
  const news = view.nodes.flatMap((node) => {
    const applied = newsOf(node, forOthers.get(node.record.id) ?? []);
    return applied === null ? [] : [{ nodeId: node.record.id, applied }];
  });
  return news.length === 0 ? { view, news } : { view: withNews(view, news), news };
}

/** What a master brought to another host, by that host. */
const plansForOthers = ({ nodes }: ClusterView): ReadonlyMap<string, readonly PlanRecord[]> =>
  Map.groupBy(
    nodes.flatMap(({ plans }) => plans.filter(isForOther)),
    ({ goalKey }) => goalKey.subject,
  );

const isForOther = ({ goalKey }: PlanRecord): boolean => goalKey.kind === 'label-node';

/** What differs, or null. */
function newsOf(node: NodeView, byOthers: readonly PlanRecord[]): Applied | null {
  const known = node.record.applied;
  const brought: Partial<Record<ComponentName, Applied[ComponentName]>> = {};
  const take = (plan: PlanRecord): void => {
    if (plan.state !== 'done') return;
    for (const [name, digest] of Object.entries(plan.brings) as [ComponentName, string | null][]) {
      // Brought by several hosts, whose clocks differ: in the order in which they were issued.
      const atMs = name === 'labels' ? plan.issuedMs : endOf(plan);
      const before = brought[name] ?? known[name];
      // Of two plans the later one counts, whatever order they are looked at.
      if (before !== undefined && before.atMs >= atMs) continue;
      brought[name] = { digest, planId: plan.planId, atMs };
    }
  };
  for (const plan of node.plans) if (!isForOther(plan)) take(plan);
  for (const plan of byOthers) take(plan);
  return Object.keys(brought).length === 0 ? null : (brought as Applied);
}

const endOf = (plan: PlanRecord): number => plan.finishedMs ?? plan.issuedMs;

function withNews(view: ClusterView, news: readonly AppliedNews[]): ClusterView {
  const byNode = new Map(news.map(({ nodeId, applied }) => [nodeId, applied]));
  const nodes = view.nodes.map((node) => {
    const applied = byNode.get(node.record.id);
    if (applied === undefined) return node;
    return { ...node, record: { ...node.record, applied: { ...node.record.applied, ...applied } } };
  });
  return { ...view, nodes };
}
