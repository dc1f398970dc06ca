// Everything of a coordinator between its store and its ports: parts made and handed to each other.
// It binds no port and starts nothing; serve.ts does.
import type { Clock } from '../shared/clock.ts';
import { AppError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { EnrollmentDefinition } from '../shared/rpc/generated/muster/v1/Enrollment.ts';
import type { FleetDefinition } from '../shared/rpc/generated/muster/v1/Fleet.ts';
import type { OperatorDefinition } from '../shared/rpc/generated/muster/v1/Operator.ts';
import {
  type Handlers,
  type ImplementOptions,
  implement,
  type ServedService,
} from '../shared/rpc/handler.ts';
import { services } from '../shared/rpc/load.ts';
import { type ArtifactProvider, createArtifactProvider } from './artifacts/artifact-provider.ts';
import { ArtifactStore } from './artifacts/artifact-store.ts';
import type { ReleaseBases } from './artifacts/release-bases.ts';
import type { Settings } from './config.ts';
import { type Coordinator, createCoordinator, type Decide } from './coordinator.ts';
import { admit } from './enrollment/admit.ts';
import { createChallenges } from './enrollment/challenges.ts';
import { createJoin } from './enrollment/join.ts';
import { createRateLimit } from './enrollment/rate-limit.ts';
import { createRefusedJoins } from './enrollment/refused-joins.ts';
import { changeToken, createToken } from './enrollment/tokens.ts';
import type { AuditLog } from './events/audit-log.ts';
import { boundedAudit } from './events/bounded-audit.ts';
import { createEventFeed } from './events/event-feed.ts';
import { linesOfPlan } from './events/log-line.ts';
import type { Keys } from './keys/keys.ts';
import { openPlans } from './plan-records/plans.ts';
import type { ArtifactView } from './planner/view.ts';
import { createHealthBook } from './presence/health-book.ts';
import { createPolls } from './presence/polls.ts';
import { createReadModel } from './read-model.ts';
import { enrollmentHandlers } from './rpc/enrollment-service.ts';
import { parseHealth } from './rpc/fleet/parse-health.ts';
import { createFleetRates, type FleetRates } from './rpc/fleet-rates.ts';
import { fleetHandlers } from './rpc/fleet-service.ts';
import { createMembers, type Members } from './rpc/members.ts';
import { operatorHandlers } from './rpc/operator-service.ts';
import { operatorGuard } from './rpc/operators.ts';
import { requestRules } from './rpc/request-rules.ts';
import {
  type ClusterRecord,
  type FleetRecord,
  type PlanRecord,
  keys as recordKeys,
} from './store/records.ts';
import type { Store } from './store/store.ts';
import { upgradeRecords } from './store/upgrade-records.ts';
import { COORDINATOR_VERSION } from './version.ts';
import { createAgentDigests } from './web/agent-digests.ts';
import type { AgentBinaries } from './web/web-server.ts';

export interface CoreOptions {
  readonly settings: Settings;
  readonly store: Store;
  readonly keys: Keys;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** What the ends of certificates are compared with. @default clock */
  readonly certificateClock?: Pick<Clock, 'now'>;
  readonly log: Logger;
  /** Fires when the coordinator stops: open polls and downloads end. */
  readonly signal: AbortSignal;
  readonly decide: Decide;
  /** Folder with one file per digest. */
  readonly artifacts: string;
  readonly releaseBases: ReleaseBases;
  readonly agentBinaries: AgentBinaries;
  readonly agentUnit: string;
}

export interface Core {
  readonly coordinator: Coordinator;
  readonly artifacts: ArtifactProvider;
  /** On the open port: strangers, members and operators, each behind its guard. */
  readonly openServices: readonly ServedService[];
  /** On the local socket. */
  readonly localServices: readonly ServedService[];
  /** Join material names the ports that are really open. */
  tellPorts(grpc: number, https: number): void;
}

export async function createCore(options: CoreOptions): Promise<Core> {
  const { store, keys, clock, log, signal } = options;
  const audit = boundedAudit(options.audit, clock);
  const { fleet } = options.settings;
  await upgradeRecords(store);
  const plans = await openPlans(store);
  const history = await store.range<PlanRecord>(recordKeys.plans);
  const lines = history.flatMap(({ value }) => linesOfPlan(value));
  const feed = createEventFeed(clock, lines);
  const polls = createPolls(clock);
  const onChange = polls.announce;
  const health = createHealthBook({ parse: parseHealth, clock, log, onChange });
  const refused = createRefusedJoins(clock);
  const artifacts = createArtifactProvider({
    store: new ArtifactStore(options.artifacts),
    bases: options.releaseBases,
    fetch,
    clock,
    random: Math.random,
    signal,
    log,
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    onChange: () => coordinator.touch(),
  });
  const shared = { fleet, store, clock, log, audit, feed, plans };
  const wake = (nodeId: string): void => polls.wake(nodeId);
  const coordinator = createCoordinator({
    ...shared,
    polls,
    refused,
    model: createReadModel({
      store,
      polls,
      artifacts: (cluster) => artifactView(artifacts, cluster),
    }),
    issue: { ...shared, epoch: await epochOf(store), planKey: keys.planKey, wake },
    decide: options.decide,
  });

  const challenges = createChallenges(clock);
  const limit = createRateLimit(clock);
  const joining = { store, clock, log, audit, feed, challenges, limit, refused };
  const join = createJoin(joining);
  const members = createMembers({ store, clock, log, audit });
  const ports = { grpc: options.settings.grpcPort, https: options.settings.httpsPort };
  const certificateClock = options.certificateClock ?? clock;
  const operator = operatorHandlers({
    version: COORDINATOR_VERSION,
    ...shared,
    clusters: coordinator,
    health: { book: health, polls, certificateClock },
    tokens: {
      create: (tokenOptions) => createToken({ store, keys, clock, audit }, tokenOptions),
      change: (id, change) => changeToken({ store, clock, audit }, id, change),
    },
    artifacts,
    join: {
      fleetCaPem: keys.fleetCaPem,
      addresses: options.settings.addresses,
      get grpcPort() {
        return ports.grpc;
      },
      get httpsPort() {
        return ports.https;
      },
      agentSha256: createAgentDigests(options.agentBinaries),
      agentUnit: options.agentUnit,
    },
  });
  const enrollment = enrollmentHandlers({
    fleet,
    keys,
    clock,
    challenges,
    admit: (asking) => admit(joining, asking),
    join,
  });
  const member = fleetHandlers({ ...shared, keys, polls, health, members });
  return {
    coordinator,
    artifacts,
    openServices: [
      enrollmentService(enrollment, options),
      fleetService(member, { ...options, guard: memberGuard(members, createFleetRates(clock)) }),
      operatorService(operator, { ...options, guard: operatorGuard(clock) }),
    ],
    localServices: [operatorService(operator, options)],
    tellPorts: (grpc, https) => {
      Object.assign(ports, { grpc, https });
    },
  };
}

type Guarded = Pick<ImplementOptions, 'log' | 'signal' | 'guard'>;

const memberGuard =
  (members: Members, rates: FleetRates): ImplementOptions['guard'] & {} =>
  async (context, method) => {
    await members.guard(context, method);
    rates.admit(method, members.caller(context).id);
  };

const enrollmentService = (
  handlers: Handlers<EnrollmentDefinition>,
  { log, signal }: Guarded,
): ServedService =>
  implement<EnrollmentDefinition>(services.enrollment, handlers, {
    log,
    signal,
    rules: requestRules,
  });

const fleetService = (
  handlers: Handlers<FleetDefinition>,
  { log, signal, guard }: Required<Guarded>,
): ServedService =>
  implement<FleetDefinition>(services.fleet, handlers, { log, signal, guard, rules: requestRules });

/** Without a guard only behind the socket, whose folder is the guard. */
const operatorService = (
  handlers: Handlers<OperatorDefinition>,
  { log, signal, guard }: Guarded,
): ServedService =>
  implement<OperatorDefinition>(services.operator, handlers, {
    log,
    signal,
    rules: requestRules,
    ...(guard === undefined ? {} : { guard }),
  });

async function artifactView(
  artifacts: ArtifactProvider,
  { lock }: ClusterRecord,
): Promise<ArtifactView> {
  return {
    stored: await artifacts.stored(),
    pulling: artifacts.pullState(lock)?.state === 'pulling',
  };
}

async function epochOf(store: Store): Promise<number> {
  const record = await store.get<FleetRecord>(recordKeys.fleet);
  if (record !== null) return record.value.epoch;
  throw new AppError('internal', 'the store has no fleet record: it is not the one `init` made');
}
