// What each command does. Builds the real parts: the only place, with main.ts, that does.
import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../shared/clock.ts';
import { AppError, unreachable } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { NodeFacts } from '../shared/model/facts.ts';
import { systemRandom } from '../shared/random.ts';
import { envelopeFromStored, objectFrom, type StoredEnvelope } from '../shared/rpc/codec.ts';
import { runAgent } from './agent.ts';
import { openArtifactStore } from './artifacts/artifact-store.ts';
import { type Command, exitCodeOf, usage } from './cli.ts';
import { type AgentConfig, type AgentPaths, agentPaths, readAgentConfig } from './config.ts';
import { isMissing, makePrivateDirectory } from './durable-file.ts';
import { collectFacts } from './facts/collect.ts';
import { nodeMachine } from './facts/machine.ts';
import { formatFacts } from './facts-text.ts';
import { createHealthSources } from './health/health-sources.ts';
import { measureHealth } from './health/measure.ts';
import type { Host } from './host/host.ts';
import { httpGet } from './host/http-get.ts';
import { nodeDisk } from './host/node-disk.ts';
import { createNodeHost } from './host/node-host.ts';
import { connectKubeApi } from './host/node-kube-api.ts';
import { tlsPeek } from './host/tls-peek.ts';
import { createComeBack } from './identity/come-back.ts';
import { readIdentity } from './identity/identity.ts';
import type { IdentityFolder } from './identity/identity-folder.ts';
import { readTokenFile } from './identity/token-file.ts';
import { lockInstance } from './instance-lock.ts';
import { explainGoOn, goOnWithNewJournal, showJournal } from './journal-commands.ts';
import { openEnrollment } from './link/enrollment-client.ts';
import { openGrpcLink } from './link/grpc-link.ts';
import { awaitMembership, joinWith, type MembershipOptions } from './membership.ts';
import type { OwnProcess } from './memory-watch.ts';
import { noPairs } from './plan/accepted-pair.ts';
import { parsePlan } from './plan/parse-plan.ts';
import { verifyPlan } from './plan/verify.ts';
import { stepRegistry } from './steps/registry.ts';
import { createUploader } from './uploads/uploader.ts';
import { AGENT_VERSION } from './version.ts';

export interface Surroundings {
  /** By level, once the configuration is read. */
  readonly createLog: (level: string) => Logger;
  /** Data for stdout. */
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
  readonly own: OwnProcess;
  /** This process becomes a new one with the same command: nothing of it is left to run. */
  readonly startAgain: () => never;
}

interface Parts {
  readonly log: Logger;
  readonly clock: Clock;
  readonly host: Host;
  readonly collect: (clockSkewMs: number | null) => Promise<NodeFacts>;
}

const kinds: ReadonlySet<string> = new Set(Object.keys(stepRegistry));

/** The exit code. @throws AppError */
export async function runCommand(command: Command, around: Surroundings): Promise<number> {
  const paths = agentPaths(command);
  switch (command.kind) {
    case 'help':
      around.print(usage);
      return 0;
    case 'version':
      around.print(`${AGENT_VERSION}\n`);
      return 0;
    case 'facts': {
      const facts = await createParts(around.createLog('warn')).collect(null);
      around.print(
        command.output === 'json' ? `${JSON.stringify(facts, null, 2)}\n` : formatFacts(facts),
      );
      return 0;
    }
    case 'plan-verify':
      return await verifyFile(command.file, { paths, around });
    case 'journal-show':
      around.print(await showJournal(nodeDisk, paths));
      return 0;
    case 'journal-go-on': {
      if (!command.isConfirmed) {
        around.print(await explainGoOn(nodeDisk, paths));
        return exitCodeOf('usage');
      }
      const { host, clock } = createParts(around.createLog('warn'));
      const lock = async (): Promise<unknown> => await lockInstance(paths.stateDirectory);
      around.print(
        await goOnWithNewJournal({
          paths,
          disk: nodeDisk,
          host,
          clock,
          random: systemRandom,
          lock,
        }),
      );
      return 0;
    }
    case 'join': {
      const config = await configFor(command, paths);
      const parts = createParts(around.createLog(config.logLevel));
      const token = await readTokenFile(command.tokenFile);
      await makePrivateDirectory(paths.stateDirectory);
      const { coordinators } = config;
      const nodeName = command.nodeName ?? config.nodeName;
      const from = { paths, tokenFile: command.tokenFile, coordinators, nodeName };
      const identity = await joinWith(token, membership(from, parts, around));
      around.print(
        `joined fleet ${identity.fleet} as node ${identity.nodeId} of pool ${identity.pool} in cluster ${identity.cluster}\n`,
      );
      return 0;
    }
    case 'run':
      if ((await work(paths, around)) === 'start-again') around.startAgain();
      return 0;
    default:
      return unreachable(command);
  }
}

async function work(paths: AgentPaths, around: Surroundings): Promise<'ended' | 'start-again'> {
  const config = await readAgentConfig(paths.configFile);
  const parts = createParts(around.createLog(config.logLevel));
  const { log, clock, host, collect } = parts;
  log.info({ version: AGENT_VERSION }, 'agent started');
  await makePrivateDirectory(paths.stateDirectory);
  await lockInstance(paths.stateDirectory);
  const collecting = collect(null);
  const { coordinators, nodeName } = config;
  const from = { paths, tokenFile: paths.tokenFile, coordinators, nodeName };
  const members = { ...membership(from, parts, around), facts: () => collecting };
  const identity = await awaitMembership(members);
  const { signal } = around;
  const sources = createHealthSources({
    host,
    machine: nodeMachine,
    httpGet,
    tlsPeek,
    openKube: connectKubeApi,
    clock,
    signal,
  });
  return await runAgent({
    paths,
    identity,
    openLink: (current) =>
      openGrpcLink({ coordinators, identity: current, agentVersion: AGENT_VERSION, clock }),
    comeBack: createComeBack({ coordinators, openEnrollment }),
    disk: nodeDisk,
    host,
    openKube: connectKubeApi,
    httpGet,
    tlsPeek,
    registry: stepRegistry,
    artifacts: openArtifactStore({
      directory: paths.artifactsDirectory,
      sources: config.artifacts,
      caPem: identity.caPem,
      log,
      clock,
      random: systemRandom.fraction,
    }),
    openUpload: (current) =>
      createUploader({
        coordinators: config.artifacts,
        identity: current,
        clock,
        random: systemRandom.fraction,
      }),
    own: around.own,
    facts: await collecting,
    collect,
    measureHealth: (current) => measureHealth(sources, current),
    clock,
    log,
    random: systemRandom,
    signal,
  });
}

function createParts(log: Logger): Parts {
  const clock = systemClock;
  const host = createNodeHost({ log });
  const collect = (clockSkewMs: number | null): Promise<NodeFacts> =>
    collectFacts({ host, clock, log, agentVersion: AGENT_VERSION, clockSkewMs });
  return { log, clock, host, collect };
}

const identityFolder = (paths: AgentPaths): IdentityFolder => ({
  disk: nodeDisk,
  directory: paths.identityDirectory,
});

interface MembershipFrom {
  readonly paths: AgentPaths;
  readonly tokenFile: string;
  readonly coordinators: readonly string[];
  readonly nodeName: string | null;
}

function membership(from: MembershipFrom, parts: Parts, around: Surroundings): MembershipOptions {
  return {
    folder: identityFolder(from.paths),
    tokenFile: from.tokenFile,
    coordinators: from.coordinators,
    nodeName: from.nodeName,
    facts: () => parts.collect(null),
    openEnrollment,
    clock: parts.clock,
    log: parts.log,
    random: systemRandom.fraction,
    signal: around.signal,
  };
}

/** With addresses on the command line the configuration file need not be there. */
async function configFor(
  command: Extract<Command, { kind: 'join' }>,
  paths: AgentPaths,
): Promise<AgentConfig> {
  if (command.coordinators.length === 0) return await readAgentConfig(paths.configFile);
  return { coordinators: command.coordinators, artifacts: [], nodeName: null, logLevel: 'info' };
}

/** Signature, addressee and content; not order, time or facts, which only the running agent knows. */
async function verifyFile(
  file: string,
  of: { readonly paths: AgentPaths; readonly around: Surroundings },
): Promise<number> {
  const identity = await readIdentity(identityFolder(of.paths));
  if (identity === null)
    throw new AppError(
      'not-found',
      'this host has not joined: it has no keys to verify a plan with',
    );
  const stored = objectFrom(await readPlanFile(file), 'plan file', 16 * 1024 * 1024);
  const envelope = envelopeFromStored(stored as unknown as StoredEnvelope);
  const parsed = parsePlan(envelope.payload, kinds);
  const plan = parsed.kind === 'plan' ? parsed.plan : null;
  const verdict = verifyPlan(envelope, {
    keySet: identity.keySet,
    fleet: identity.fleet,
    nodeId: identity.nodeId,
    accepted: noPairs,
    known: new Map(),
    signedNowMs: plan?.notBeforeMs ?? 0,
    skewMs: 0,
    agentVersion: AGENT_VERSION,
    factsDigest: plan?.factsDigest ?? '',
    kinds,
    unfinished: { host: [], cluster: [] },
    isJournalCorrupt: false,
  });
  if (verdict.kind === 'refuse')
    throw new AppError('refused', `${verdict.reason}: ${verdict.message}`);
  of.around.print(`${JSON.stringify(verdict.plan, null, 2)}\n`);
  return 0;
}

async function readPlanFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new AppError('not-found', `there is no file ${file}`, { cause });
  }
}
