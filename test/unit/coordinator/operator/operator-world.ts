// The operator's handlers over a store in memory: real tokens, real feed, a fleet that a test says.
import { addOperator, revokeOperator } from '../../../../coordinator/access/operator-accounts.ts';
import type { PullState } from '../../../../coordinator/artifacts/artifact-provider.ts';
import type { ArtifactLock } from '../../../../coordinator/artifacts/lock.ts';
import type { RefusedJoin } from '../../../../coordinator/enrollment/refused-joins.ts';
import { changeToken, createToken } from '../../../../coordinator/enrollment/tokens.ts';
import { createEventFeed, type EventFeed } from '../../../../coordinator/events/event-feed.ts';
import type { OwnCertificate } from '../../../../coordinator/keys/own-certificates.ts';
import type { Decision } from '../../../../coordinator/planner/decision.ts';
import type { NodeView } from '../../../../coordinator/planner/view.ts';
import type { MeasuredHealth } from '../../../../coordinator/presence/health-book.ts';
import {
  type OperatorDependencies,
  operatorHandlers,
} from '../../../../coordinator/rpc/operator-service.ts';
import {
  type ClusterRecord,
  keys,
  type OperatorRequest,
} from '../../../../coordinator/store/records.ts';
import { AppError } from '../../../../shared/errors.ts';
import { base64urlSha256 } from '../../../../shared/join-token.ts';
import type { OperatorDefinition } from '../../../../shared/rpc/generated/muster/v1/Operator.ts';
import type { CallContext, Handlers } from '../../../../shared/rpc/handler.ts';
import { type MemoryStore, memoryStore } from '../../../fakes/store.ts';
import { aView } from '../../../support/cluster-builders.ts';
import { type ManualClock, manualClock } from '../../../support/manual-clock.ts';

export interface OperatorWorld {
  readonly handlers: Handlers<OperatorDefinition>;
  readonly store: MemoryStore;
  readonly clock: ManualClock;
  readonly feed: EventFeed;
  readonly audited: { readonly event: string; readonly fields: object }[];
  readonly context: CallContext;
  /** Locks that a pull was begun for. */
  readonly pulled: ArtifactLock[];
  nodes: readonly NodeView[];
  decision: Decision | null;
  /** What the artifact source offers; a failure when it is an error. */
  offered: ArtifactLock | AppError;
  stored: ReadonlySet<string>;
  pullState: PullState | null;
  /** What agents measured, by node id. */
  readonly measured: Map<string, MeasuredHealth>;
  /** Added to the clock for the ends of certificates. */
  certificatesAheadMs: number;
  /** The coordinator's own certificates. */
  own: readonly OwnCertificate[];
  agentSha256: Readonly<Record<string, string>>;
  /** Hosts that were turned away. */
  refused: readonly RefusedJoin[];
  /** Nodes whose open poll was rung, and whose starts were forgotten. */
  readonly woken: string[];
  readonly forgotten: string[];
  put(cluster: ClusterRecord): Promise<void>;
  cluster(): Promise<ClusterRecord | null>;
}

export const emptyDecision: Decision = {
  issue: [],
  cluster: null,
  applied: [],
  goOn: [],
  waits: [],
  faults: [],
  wakeAtMs: null,
  phases: {},
};

export function operatorWorld(): OperatorWorld {
  const store = memoryStore();
  const clock = manualClock();
  const feed = createEventFeed(clock);
  const audited: { event: string; fields: object }[] = [];
  const audit = {
    append: async (event: string, fields: object) => void audited.push({ event, fields }),
    close: async () => {},
  };
  const pin = base64urlSha256('pin');
  const tokenKeys = { pin, keySetDigest: base64urlSha256('keys') };
  const cluster = async () => (await store.get<ClusterRecord>(keys.cluster('lab')))?.value ?? null;
  const pulled: ArtifactLock[] = [];
  const world: OperatorWorld = {
    handlers: {} as Handlers<OperatorDefinition>,
    store,
    clock,
    feed,
    audited,
    context: { peerCertificate: null, peerAddress: 'socket', signal: new AbortController().signal },
    pulled,
    nodes: [],
    decision: null,
    offered: new AppError('artifact', 'nothing is offered'),
    stored: new Set(),
    pullState: null,
    measured: new Map(),
    certificatesAheadMs: 0,
    own: [],
    agentSha256: { amd64: 'a'.repeat(64) },
    refused: [],
    woken: [],
    forgotten: [],
    cluster,
    put: async (record) => {
      const key = keys.cluster(record.name);
      await store.put(key, record, (await store.get(key))?.revision ?? 0);
    },
  };
  const deps: OperatorDependencies = {
    version: '0.1.0',
    fleet: 'f1',
    store,
    clock,
    audit,
    feed,
    clusters: {
      latestDecision: () => world.decision,
      view: async () => {
        const record = await cluster();
        if (record === null) return null;
        const requests = await store.range<OperatorRequest>(keys.requests);
        return {
          ...aView(world.nodes, record),
          requests: requests.map(({ value }) => value),
          artifacts: { stored: world.stored, pulling: false },
        };
      },
    },
    health: {
      book: { of: (id) => world.measured.get(id) ?? null, rejected: () => 0 },
      polls: { startedMs: clock.now() - 3_600_000, state: () => null },
      certificateClock: { now: () => clock.now() + world.certificatesAheadMs },
    },
    ownCertificates: async () => world.own,
    identities: {
      plans: { unfinishedOf: async () => [], change: async () => null },
      isOnline: (id) => world.nodes.some(({ record, online }) => record.id === id && online),
      isMissed: (id) => world.nodes.every(({ record, online }) => record.id !== id || !online),
      refused: (name) => world.refused.filter((host) => host.name === name || host.nodeId === name),
      wake: (id) => void world.woken.push(id),
      forget: (id) => void world.forgotten.push(id),
    },
    tokens: {
      create: (options) => createToken({ store, keys: tokenKeys, clock, audit }, options),
      change: (id, change) => changeToken({ store, clock, audit }, id, change),
    },
    access: {
      add: (options) => addOperator({ store, keys: tokenKeys, clock, audit }, options),
      revoke: async (name) => void (await revokeOperator({ store, clock, audit }, name)),
      renew: async () => '',
    },
    artifacts: {
      lockFor: async () => {
        if (world.offered instanceof AppError) throw world.offered;
        return world.offered;
      },
      pullInBackground: (lock) => void pulled.push(lock),
      pullState: () => world.pullState,
      states: async () => new Map(),
      stored: async () => world.stored,
      settled: async () => {},
    },
    join: {
      fleetCaPem: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n',
      addresses: ['192.168.7.1'],
      grpcPort: 7443,
      httpsPort: 7480,
      agentSha256: async () => world.agentSha256,
      agentUnit: '[Service]\nExecStart=/usr/local/bin/muster-agent run\n',
    },
  };
  return Object.assign(world, { handlers: operatorHandlers({ ...deps, caller: 'ann' }) });
}
