// What the operator's calls need of the rest of the coordinator, as narrow ports. The program's
// wiring fills them; tests fill them with fakes.
import type { Clock } from '../../shared/clock.ts';
import type { AddedOperator, OperatorOptions } from '../access/operator-accounts.ts';
import type { ArtifactProvider } from '../artifacts/artifact-provider.ts';
import type { Architecture } from '../artifacts/catalogue.ts';
import type { RefusedJoin } from '../enrollment/refused-joins.ts';
import type { CreatedToken, TokenOptions } from '../enrollment/tokens.ts';
import type { AuditLog } from '../events/audit-log.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { OwnCertificate } from '../keys/own-certificates.ts';
import type { Plans } from '../plan-records/plans.ts';
import type { Decision } from '../planner/decision.ts';
import type { ClusterView } from '../planner/view.ts';
import type { HealthSource } from '../presence/see-cluster.ts';
import type { TokenRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** What has been seen and decided of clusters. */
export interface ClusterPort {
  /** Null before the first decision of this process. */
  latestDecision(cluster: string): Decision | null;
  /** Null when there is no such cluster. */
  view(cluster: string): Promise<ClusterView | null>;
}

export interface TokenPort {
  create(options: TokenOptions): Promise<CreatedToken>;
  change(
    id: string,
    change: { readonly action: 'revoke' } | { readonly action: 'extend'; readonly ttlMs: number },
  ): Promise<TokenRecord>;
}

/** Operators, as one caller may change them. */
export interface AccessPort {
  add(options: OperatorOptions): Promise<AddedOperator>;
  revoke(name: string): Promise<void>;
  /** The caller's own certificate anew. */
  renew(csr: Uint8Array): Promise<string>;
}

/** What join material carries besides a token. */
export interface JoinPort {
  readonly fleetCaPem: string;
  /** Names and addresses of the coordinator, the first is tried first. */
  readonly addresses: readonly string[];
  readonly grpcPort: number;
  readonly httpsPort: number;
  /** SHA-256 of the agent's file for each architecture there is one for; asked at every call. */
  agentSha256(): Promise<Readonly<Partial<Record<Architecture, string>>>>;
  /** Text of muster-agent.service. */
  readonly agentUnit: string;
}

/** What agents measured, and what the ends of certificates are compared with. */
export interface HealthPort extends HealthSource {
  readonly certificateClock: Pick<Clock, 'now'>;
}

/** Who calls, who was turned away, and the bell of open polls. */
export interface IdentityPort {
  readonly plans: Pick<Plans, 'unfinishedOf' | 'change'>;
  readonly isOnline: (nodeId: string) => boolean;
  /** The coordinator has listened for long enough to miss it. */
  readonly isMissed: (nodeId: string) => boolean;
  /** Hosts that asked to join and were refused, by the name they asked for or their id. */
  readonly refused: (name: string) => readonly RefusedJoin[];
  /** Its open poll looks again, and ends if it may not poll. */
  readonly wake: (nodeId: string) => void;
  /** Which starts of its agent have polled is not held against it any more. */
  readonly forget: (nodeId: string) => void;
}

export interface OperatorDependencies {
  readonly version: string;
  readonly fleet: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly feed: Pick<EventFeed, 'append' | 'read' | 'changed'>;
  readonly clusters: ClusterPort;
  readonly health: HealthPort;
  /** The coordinator's own, and the authorities that it keeps for these clusters. */
  readonly ownCertificates: (clusters: readonly string[]) => Promise<readonly OwnCertificate[]>;
  readonly tokens: TokenPort;
  readonly access: AccessPort;
  readonly artifacts: ArtifactProvider;
  readonly join: JoinPort;
  readonly identities: IdentityPort;
}
