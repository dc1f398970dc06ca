// The real agent on a simulated machine: joins with its token, then runs; systemd starts it again when
// it ends, whatever it ended by.
import { X509Certificate } from 'node:crypto';
import { runAgent } from '../../../agent/agent.ts';
import { agentPaths } from '../../../agent/config.ts';
import { createComeBack } from '../../../agent/identity/come-back.ts';
import { enrollmentCalls } from '../../../agent/link/enrollment-client.ts';
import { fleetLink } from '../../../agent/link/fleet-link.ts';
import { joinWith } from '../../../agent/membership.ts';
import type { StateDisk } from '../../../agent/state-disk.ts';
import type { StepRegistry } from '../../../agent/steps/step-runner.ts';
import { AGENT_VERSION } from '../../../agent/version.ts';
import type { Clock } from '../../../shared/clock.ts';
import { parseJoinToken } from '../../../shared/join-token.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { HealthReport } from '../../../shared/model/health.ts';
import type { EnrollmentDefinition } from '../../../shared/rpc/generated/muster/v1/Enrollment.ts';
import type { FleetDefinition } from '../../../shared/rpc/generated/muster/v1/Fleet.ts';
import { services } from '../../../shared/rpc/load.ts';
import { aFacts } from '../../support/cluster-builders.ts';
import { aHealthReport } from '../../support/health-reports.ts';
import { Life } from '../core/life.ts';
import type { SimHost } from '../world/host.ts';
import { hostPort } from '../world/host-port.ts';
import { simulatedRegistry } from '../world/runners.ts';
import type { World } from '../world/world.ts';
import type { FixedKeys } from './fixed-keys.ts';
import type { Network } from './network.ts';

/** Where a deliberate bug is put in: between the agent and one of its ports. */
export interface AgentSeams {
  readonly wrapDisk: (disk: StateDisk, host: SimHost) => StateDisk;
  readonly wrapRegistry: (registry: StepRegistry, host: SimHost) => StepRegistry;
  readonly wrapHost: (
    port: ReturnType<typeof hostPort>,
    host: SimHost,
  ) => ReturnType<typeof hostPort>;
  readonly wrapClock: (clock: Clock, life: Life) => Clock;
}

export const noAgentSeams: AgentSeams = {
  wrapDisk: (disk) => disk,
  wrapRegistry: (registry) => registry,
  wrapHost: (port) => port,
  wrapClock: (clock) => clock,
};

export interface AgentParts {
  readonly world: World;
  readonly network: Network;
  readonly fixed: FixedKeys;
  readonly seams: AgentSeams;
}

const restartMs = [1_000, 2_500] as const;
const paths = agentPaths({ stateDirectory: '/state' });

/** Starts it, and again when it ends by itself. @param token what `join-material` laid down */
export function startAgent(host: SimHost, token: string, parts: AgentParts): void {
  const { world } = parts;
  const life = new Life(`agent of ${host.name}`, world.scheduler, {
    skewMs: () => host.skewMs,
    bootedMs: host.bootedMs,
  });
  host.agent = life;
  world.tell({ kind: 'started', who: life.name });
  const again = (): void => {
    if (!life.isAlive) return;
    life.kill();
    world.tell({ kind: 'fault', what: `${life.name} ended by itself` });
    restartAgent(host, token, parts);
  };
  live({ host, life, token, parts }).then(again, (thrown: unknown) => {
    if (life.isAlive) world.tell({ kind: 'fault', what: `${life.name}: ${String(thrown)}` });
    again();
  });
}

/** As systemd does, if the machine is on by then. */
export function restartAgent(host: SimHost, token: string, parts: AgentParts): void {
  const { boots } = host;
  parts.world.scheduler.schedule(host.chance.between(...restartMs), null, () => {
    const isGone = !host.isOn || host.boots !== boots || host.agent?.isAlive === true;
    if (!isGone) startAgent(host, token, parts);
  });
}

/** kill -9: what the kernel was asked to do is done or not. */
export function killAgent(host: SimHost, parts: AgentParts): void {
  const { agent } = host;
  if (agent?.isAlive !== true) return;
  parts.world.tell({ kind: 'crashed', who: agent.name, how: 'killed' });
  agent.kill();
  host.disk.leave(agent);
}

async function live(of: {
  readonly host: SimHost;
  readonly life: Life;
  readonly token: string;
  readonly parts: AgentParts;
}): Promise<void> {
  const { host, life, parts } = of;
  const { world, network, fixed, seams } = parts;
  const clock = seams.wrapClock(life.clock, life);
  const disk = seams.wrapDisk(host.disk.of(life), host);
  const random = world.chance.of(`agent ${host.name} ${world.next()}`);
  const { signal } = life.ending;
  const collect = async (clockSkewMs: number | null) => {
    await life.after(host.chance.between(5, 60));
    const collectedAtMs = clock.now();
    const { bootId } = host;
    return {
      ...aFacts(host.name, host.address),
      bootId,
      collectedAtMs,
      clockSkewMs,
      agentVersion: AGENT_VERSION,
    };
  };
  await disk.makeDirectory(paths.stateDirectory);
  const enrollment = network.client<EnrollmentDefinition>(services.enrollment, {
    life,
    host,
    certificate: null,
  });
  const identity = await joinWith(parseJoinToken(of.token), {
    folder: { disk, directory: paths.identityDirectory },
    tokenFile: '-',
    coordinators: ['coordinator:7443'],
    nodeName: host.name,
    facts: () => collect(null),
    makeKey: () => fixed.keyOf(host.name),
    checkPin: async () => {
      await life.after(host.chance.between(2, 20));
      return { caPem: fixed.caPem, clockFault: null };
    },
    openEnrollment: () => enrollmentCalls(enrollment, () => undefined),
    clock,
    log: silentLogger,
    random: random.fraction,
    signal,
  });
  await runAgent({
    paths,
    identity,
    openLink: ({ chainPem }) => {
      const certificate = new X509Certificate(chainPem).raw;
      const fleet = network.client<FleetDefinition>(services.fleet, { life, host, certificate });
      return fleetLink({
        call: (options, run) => run(fleet, options),
        agentVersion: AGENT_VERSION,
        close: () => undefined,
      });
    },
    comeBack: createComeBack({
      coordinators: ['coordinator:7443'],
      openEnrollment: () => enrollmentCalls(enrollment, () => undefined),
    }),
    disk,
    host: seams.wrapHost(hostPort(host, life), host),
    openKube: () => {
      throw new Error('simulated steps speak to no API');
    },
    httpGet: async (url) => {
      throw new Error(`simulated steps ask nothing of ${url}`);
    },
    tlsPeek: async ({ port }) => {
      throw new Error(`nothing serves at port ${port}`);
    },
    registry: seams.wrapRegistry(simulatedRegistry(host, world), host),
    artifacts: {
      path: ({ sha256 }) => `/state/artifacts/${sha256}`,
      has: async ({ sha256 }) => {
        await life.after(host.chance.between(0.1, 1));
        return host.artifacts.has(sha256);
      },
      fetch: async ({ sha256 }, options) => {
        do await clock.sleep(host.chance.between(20, 400), options.signal);
        while (!network.isThrough(host) || network.served?.life.isAlive !== true);
        host.artifacts.add(sha256);
        return null;
      },
    },
    openUpload: () => async () => undefined,
    own: { anonymousBytes: async () => 0, collect: () => undefined, startedAgainBootMs: null },
    facts: await collect(null),
    collect,
    measureHealth: async () => {
      await life.after(host.chance.between(20, 200));
      return healthOf(host, world);
    },
    clock,
    log: silentLogger,
    random,
    signal,
  });
}

function healthOf(host: SimHost, { kube }: World): HealthReport {
  const ready = kube.isNodeReady(host.name) ? 'True' : 'Unknown';
  return aHealthReport({
    bootId: host.bootId,
    node: kube.hasNode(host.name)
      ? {
          kind: 'seen',
          name: host.name,
          ready,
          reason: 'KubeletReady',
          message: '',
          sinceMs: 1,
          pressures: [],
        }
      : null,
  });
}
