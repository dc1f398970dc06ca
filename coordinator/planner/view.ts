// What decide() sees of a cluster: a read model, built from the store and from what polls told since
// the coordinator started. Pure data; everything a decision needs and nothing else.
import type { NodeFacts } from '../../shared/model/facts.ts';
import type { Lane } from '../../shared/model/plan.ts';
import type {
  ClusterRecord,
  FactsRecord,
  NodeRecord,
  OperatorRequest,
  PlanRecord,
  TokenRecord,
} from '../store/records.ts';

export interface NodeView {
  readonly record: NodeRecord;
  readonly facts: FactsRecord | null;
  /** The last poll: null when the agent has not polled since the coordinator started. */
  readonly lastPollMs: number | null;
  /** An agent that polled within the last 30 s. */
  readonly online: boolean;
  /** Its own words, from the last poll. */
  readonly doing: Readonly<Record<Lane, string>>;
  /** Every plan of the node, oldest first. */
  readonly plans: readonly PlanRecord[];
}

export interface ClusterView {
  readonly cluster: ClusterRecord;
  readonly nodes: readonly NodeView[];
  readonly tokens: readonly TokenRecord[];
  readonly requests: readonly OperatorRequest[];
  /** Digests in the coordinator's own store: what agents can fetch now. */
  readonly storedArtifacts: ReadonlySet<string>;
}

export const factsOf = (node: NodeView): NodeFacts | null => node.facts?.facts ?? null;
