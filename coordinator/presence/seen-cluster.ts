// What health is judged from: hosts with what is installed on them, when they were last heard and
// what they measured. A small read model, so that judging knows nothing of plans and records.
import type { Claim } from '../identity/claims.ts';
import type { RenewalStanding } from '../planner/renewal/standing.ts';
import type { MeasuredHealth } from './health-book.ts';
import type { TroubleTold } from './polls.ts';

export interface SeenHost {
  readonly name: string;
  readonly isMaster: boolean;
  /** Its install is over: it is a node of the cluster. */
  readonly isNode: boolean;
  /** What the install had finished there when it was measured; the rest is not missed yet. */
  readonly has: {
    /** containerd and the API proxy. */
    readonly runtime: boolean;
    readonly etcd: boolean;
    /** The kubelet has joined: it is a node. */
    readonly node: boolean;
    readonly apiServer: boolean;
  };
  readonly online: boolean;
  /** Its last call; null when it has not called since the coordinator began to listen. */
  readonly lastHeardMs: number | null;
  readonly agentVersion: string;
  readonly measured: MeasuredHealth | null;
  /** Reports in a row that could not be read. */
  readonly rejected: number;
  /** Why its agent begins no step, in the agent's own words; null when it does. */
  readonly trouble: TroubleTold | null;
  /** What it reports that is another's, and was not its own when it joined. */
  readonly claims: readonly Claim[];
  /** Of a master: where it stands with its certificates; null: not decided yet, or none to renew. */
  readonly renewal: RenewalStanding | null;
}

export interface SeenCluster {
  readonly name: string;
  readonly hosts: readonly SeenHost[];
  /** Names of the etcd members as agreed; null before all of them were started. */
  readonly etcdMembers: readonly string[] | null;
  /** The operator takes the blame for clocks that nobody keeps. */
  readonly ignoresClock: boolean;
  /** When the coordinator began to listen. */
  readonly listeningSinceMs: number;
}
