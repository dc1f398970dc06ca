// A real coordinator for tests: `serve` on free ports of the loopback, in a temporary directory,
// with a cluster `lab` and, unless a test gives one, a planner that decides nothing.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@grpc/grpc-js';
import { credentials } from '@grpc/grpc-js';
import type { Decide } from '../../coordinator/coordinator.ts';
import { checkAuditText } from '../../coordinator/events/audit-chain.ts';
import type { AuditLine } from '../../coordinator/events/audit-log.ts';
import { initCoordinator } from '../../coordinator/init.ts';
import { dataPaths } from '../../coordinator/keys/paths.ts';
import type { Decision } from '../../coordinator/planner/decision.ts';
import { type Running, type ServeOptions, serve } from '../../coordinator/serve.ts';
import { type ClusterRecord, keys, type PlanRecord } from '../../coordinator/store/records.ts';
import { openSqliteStore } from '../../coordinator/store/sqlite-store.ts';
import { type Store, update } from '../../coordinator/store/store.ts';
import type { Clock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import type { KeySet } from '../../shared/model/plan.ts';
import { createClient, openChannel, type RpcClient } from '../../shared/rpc/client.ts';
import type { OperatorDefinition } from '../../shared/rpc/generated/muster/v1/Operator.ts';
import { services } from '../../shared/rpc/load.ts';
import { aCluster } from './cluster-builders.ts';
import { type JoinAttempt, joinNode, type Reachable, type TestNode } from './test-node.ts';

export interface TestCoordinatorOptions {
  /** @default decides nothing */
  readonly decide?: Decide;
  /** @default `lab` with pools control-plane (3) and workers */
  readonly cluster?: ClusterRecord | null;
  readonly clock?: Clock;
  readonly agentBinaries?: ServeOptions['agentBinaries'];
  readonly addresses?: readonly string[];
}

export interface TokenWish {
  readonly pool?: string;
  readonly uses?: number;
  readonly ttlSeconds?: number;
  readonly nodeName?: string;
  readonly sourceRange?: string;
}

export interface TestCoordinator extends Reachable {
  readonly dataDir: string;
  readonly httpsPort: number;
  readonly pin: string;
  readonly fleet: string;
  /** The running coordinator's own. */
  readonly store: Store;
  readonly operator: RpcClient<OperatorDefinition>;
  /** The text of a new token. */
  token(wish?: TokenWish): Promise<string>;
  /** Joins with a token of its own, unless one is given. */
  join(attempt: Omit<JoinAttempt, 'token'> & { readonly token?: string }): Promise<TestNode>;
  audit(): Promise<readonly AuditLine[]>;
  /** @throws when there is no such plan. */
  plan(planId: string): Promise<PlanRecord>;
  keySet(): Promise<KeySet>;
  /** Stops, and starts on the same directory; ports may change. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const decidesNothing: Decide = (): Decision => ({
  issue: [],
  cluster: null,
  applied: [],
  goOn: [],
  waits: [],
  faults: [],
  wakeAtMs: null,
  phases: {},
});

const call = { timeoutMs: 20_000 };

export async function startTestCoordinator(
  options: TestCoordinatorOptions = {},
): Promise<TestCoordinator> {
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-test-'));
  const addresses = options.addresses ?? ['127.0.0.1'];
  const { fleet, pin } = await initCoordinator({ dataDir, addresses, grpcPort: 0, httpsPort: 0 });
  await seed(dataDir, options.cluster === undefined ? aCluster() : options.cluster);
  const caPem = await readFile(dataPaths(dataDir).fleetCaCertificate, 'utf8');
  const nodes: TestNode[] = [];
  let live = await start(dataDir, options);

  const coordinator: TestCoordinator = {
    dataDir,
    fleet,
    pin,
    caPem,
    get grpcPort() {
      return live.running.grpcPort;
    },
    get httpsPort() {
      return live.running.httpsPort;
    },
    get store() {
      return live.store;
    },
    get operator() {
      return live.operator;
    },
    async token(wish = {}) {
      const reply = await live.operator.CreateToken(
        {
          pool: wish.pool ?? 'workers',
          ttlSeconds: wish.ttlSeconds ?? 3600,
          uses: wish.uses ?? 1,
          nodeName: wish.nodeName ?? '',
          sourceRange: wish.sourceRange ?? '',
        },
        call,
      );
      return reply.token;
    },
    async join(attempt) {
      const token = attempt.token ?? (await coordinator.token());
      const node = await joinNode(coordinator, { ...attempt, token });
      nodes.push(node);
      return node;
    },
    audit: async () => await readAudit(dataDir),
    async plan(planId) {
      const stored = await live.store.get<PlanRecord>(keys.plan(planId));
      if (stored === null) throw new Error(`no plan ${planId}`);
      return stored.value;
    },
    keySet: async () => JSON.parse(await readFile(dataPaths(dataDir).keySet, 'utf8')) as KeySet,
    async restart() {
      await live.stop();
      live = await start(dataDir, options);
    },
    async stop() {
      for (const node of nodes) node.close();
      await live.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return coordinator;
}

async function seed(dataDir: string, cluster: ClusterRecord | null): Promise<void> {
  if (cluster === null) return;
  const store = openSqliteStore(dataPaths(dataDir).store);
  await update<ClusterRecord>(store, keys.cluster(cluster.name), () => cluster);
  await store.close();
}

async function start(dataDir: string, options: TestCoordinatorOptions) {
  let store: Store | null = null;
  const running: Running = await serve({
    dataDir,
    listen: { host: '127.0.0.1', grpcPort: 0, httpsPort: 0 },
    agentBinaries: options.agentBinaries ?? {},
    log: silentLogger,
    signal: new AbortController().signal,
    decide: options.decide ?? decidesNothing,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    openStore: (path) => {
      store = openSqliteStore(path);
      return store;
    },
  });
  if (store === null) throw new Error('the coordinator opened no store');
  const channel: Client = openChannel({
    address: `unix:${running.socketPath}`,
    credentials: credentials.createInsecure(),
  });
  return {
    running,
    store: store as Store,
    operator: createClient<OperatorDefinition>(services.operator, channel),
    stop: async () => {
      channel.close();
      await running.stop();
    },
  };
}

async function readAudit(dataDir: string): Promise<readonly AuditLine[]> {
  const check = checkAuditText(await readFile(dataPaths(dataDir).audit, 'utf8'));
  if (check.kind === 'broken') throw new Error(`audit log, line ${check.line}: ${check.reason}`);
  return check.lines;
}
