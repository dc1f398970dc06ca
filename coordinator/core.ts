// Everything of a coordinator between its store and its ports: parts made and handed to each other.
// It binds no port and starts nothing; serve.ts does.
import type { Clock } from '../shared/clock.ts';
import { AppError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { type Random, systemRandom } from '../shared/random.ts';
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
import { auditBy, type Caller } from './access/caller.ts';
import { login, renewOperator } from './access/login.ts';
import { createOpenCalls } from './access/open-calls.ts';
import { addOperator, revokeOperator } from './access/operator-accounts.ts';
import { createOperatorRates } from './access/operator-rates.ts';
import type { ArtifactProvider } from './artifacts/artifact-provider.ts';
import type { Settings } from './config.ts';
import { type Coordinator, createCoordinator, type Decide } from './coordinator.ts';
import { admit } from './enrollment/admit.ts';
import { createChallenges } from './enrollment/challenges.ts';
import { comeBack } from './enrollment/come-back.ts';
import { createJoin } from './enrollment/join.ts';
import { createRateLimit } from './enrollment/rate-limit.ts';
import { createRefusedJoins } from './enrollment/refused-joins.ts';
import { changeToken, createToken } from './enrollment/tokens.ts';
import type { AuditLog } from './events/audit-log.ts';
import { boundedAudit } from './events/bounded-audit.ts';
import { createEventFeed } from './events/event-feed.ts';
import { linesOfPlan } from './events/log-line.ts';
import type { Keys } from './keys/keys.ts';
import { ownCertificates } from './keys/own-certificates.ts';
import { openPlans } from './plan-records/plans.ts';
import type { ArtifactView } from './planner/view.ts';
import { certificatesIn, createHealthBook, nodeReady } from './presence/health-book.ts';
import { createInstances } from './presence/instances.ts';
import { createPolls, ONLINE_MS } from './presence/polls.ts';
import { createReadModel } from './read-model.ts';
import { enrollmentHandlers } from './rpc/enrollment-service.ts';
import { parseHealth } from './rpc/fleet/parse-health.ts';
import { createFleetRates, type FleetRates } from './rpc/fleet-rates.ts';
import { fleetHandlers } from './rpc/fleet-service.ts';
import { createMembers, type Members } from './rpc/members.ts';
import { operatorHandlers } from './rpc/operator-service.ts';
import { certifiedOperators, localOperators, type OperatorDoor } from './rpc/operators.ts';
import { createRefusedCalls } from './rpc/refused-calls.ts';
import { requestRules } from './rpc/request-rules.ts';
import type { SnapshotFolder } from './snapshots/snapshot-folder.ts';
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
import { type AnswerUpload, answerUploads } from './web/uploads.ts';
import type { AgentBinaries } from './web/web-server.ts';

export interface CoreOptions {
  readonly settings: Settings;
  readonly store: Store;
  readonly keys: Keys;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** Of names, nonces and secrets. @default the system's */
  readonly random?: Random;
  /** What the ends of certificates are compared with. @default clock */
  readonly certificateClock?: Pick<Clock, 'now'>;
  readonly log: Logger;
  /** Fires when the coordinator stops: open polls and downloads end. */
  readonly signal: AbortSignal;
  readonly decide: Decide;
  /** Says `onChange` when something came, or will not come. */
  readonly openArtifacts: (onChange: () => void) => ArtifactProvider;
  readonly agentBinaries: AgentBinaries;
  readonly agentUnit: string;
  /** Copies of etcd snapshots. */
  readonly snapshots: SnapshotFolder;
}

export interface Core {
  readonly coordinator: Coordinator;
  readonly artifacts: ArtifactProvider;
  /** On the open port: strangers, members and operators, each behind its guard. */
  readonly openServices: readonly ServedService[];
  /** On the local socket. */
  readonly localServices: readonly ServedService[];
  /** On the https port: what members send. */
  readonly uploads: AnswerUpload;
  /** Join material names the ports that are really open. */
  tellPorts(grpc: number, https: number): void;
}

export async function createCore(options: CoreOptions): Promise<Core> {
  const { store, keys, clock, log, random = systemRandom } = options;
  const audit = boundedAudit(options.audit, clock);
  const { fleet } = options.settings;
  const certificateClock = options.certificateClock ?? clock;
  await upgradeRecords(store);
  const plans = await openPlans(store);
  const history = await store.range<PlanRecord>(recordKeys.plans);
  const lines = history.flatMap(({ value }) => linesOfPlan(value));
  const feed = createEventFeed(clock, lines);
  const polls = createPolls(clock);
  const onChange = polls.announce;
  const health = createHealthBook({ parse: parseHealth, clock, log, onChange });
  const refused = createRefusedJoins(clock);
  const artifacts = options.openArtifacts(() => coordinator.touch());
  const shared = { fleet, store, clock, log, audit, feed, plans };
  const wake = (nodeId: string): void => polls.wake(nodeId);
  const coordinator = createCoordinator({
    ...shared,
    polls,
    refused,
    model: createReadModel({
      isNodeReady: (id) => nodeReady(health.of(id)),
      certificatesOf: (id) => certificatesIn(health.of(id)),
      certificatesNow: () => certificateClock.now(),
      store,
      polls,
      health: { book: health, now: () => clock.now() },
      artifacts: (cluster) => artifactView(artifacts, cluster),
    }),
    issue: { ...shared, epoch: await epochOf(store), planKey: keys.planKey, random, wake },
    decide: options.decide,
    snapshots: options.snapshots,
  });

  const challenges = createChallenges(clock, random);
  const limit = createRateLimit(clock);
  const loginLimit = createRateLimit(clock);
  const joining = { store, clock, log, audit, feed, challenges, limit, refused };
  const join = createJoin(joining);
  const instances = createInstances(clock);
  const refusedCalls = createRefusedCalls({ clock, log, audit });
  const members = createMembers({ store, clock, refused: refusedCalls });
  const ports = { grpc: options.settings.grpcPort, https: options.settings.httpsPort };
  const openCalls = createOpenCalls();
  const endSessions = (name: string): void => openCalls.end(name);
  const operatorFor = (caller: Caller): Handlers<OperatorDefinition> => {
    const own = auditBy(audit, caller);
    const accounts = { store, clock, audit: own, keys };
    return operatorHandlers({
      ...operatorParts,
      caller: caller.name,
      audit: own,
      tokens: {
        create: (tokenOptions) =>
          createToken({ store, keys, clock, audit: own, random }, tokenOptions),
        change: (id, change) => changeToken({ store, clock, audit: own }, id, change),
      },
      access: {
        add: (wanted) => addOperator(accounts, wanted),
        revoke: async (name) => {
          await revokeOperator(accounts, name);
          endSessions(name);
        },
        renew: (csr) => renewOperator(accounts, caller, csr),
      },
    });
  };
  const operatorParts = {
    version: COORDINATOR_VERSION,
    ...shared,
    clusters: coordinator,
    health: { book: health, polls, certificateClock },
    ownCertificates: (clusters: readonly string[]) => ownCertificates(keys, clusters),
    artifacts,
    identities: {
      plans,
      isOnline: polls.isOnline,
      isMissed: (nodeId: string) =>
        !polls.isOnline(nodeId) && clock.now() - polls.startedMs > ONLINE_MS,
      refused: refused.find,
      wake,
      forget: instances.forget,
    },
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
  };
  const enrollment = enrollmentHandlers({
    fleet,
    keys,
    clock,
    store,
    challenges,
    join,
    admit: (asking) => admit(joining, asking),
    comeBack: (claim) => comeBack({ ...joining, keys, wake }, claim),
    login: (claim) => login({ store, clock, audit, keys, limit: loginLimit, endSessions }, claim),
  });
  const guard = {
    store,
    clock,
    log,
    audit,
    refused: refusedCalls,
    openCalls,
    rates: createOperatorRates(clock),
    handlersFor: operatorFor,
  };
  const member = fleetHandlers({
    ...shared,
    keys,
    polls,
    health,
    members,
    instances,
    wake,
    goOn: coordinator.goOn,
  });
  return {
    coordinator,
    artifacts,
    openServices: [
      enrollmentService(enrollment, options),
      fleetService(member, { ...options, guard: memberGuard(members, createFleetRates(clock)) }),
      operatorService(certifiedOperators(guard), options),
    ],
    uploads: answerUploads({ members, plans, folder: options.snapshots, audit, log }),
    localServices: [operatorService(localOperators(guard), options)],
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

const operatorService = (
  { guard, handlers }: OperatorDoor,
  { log, signal }: Guarded,
): ServedService =>
  implement<OperatorDefinition>(services.operator, handlers, {
    log,
    signal,
    guard,
    rules: requestRules,
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
