// All facts of a host, taken at once. A probe that fails leaves 'unknown' in its own place and says
// so once in the log; collecting as a whole does not fail.
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { Known, NodeFacts } from '../../shared/model/facts.ts';
import type { Host } from '../host/host.ts';
import { certificates } from './certificates.ts';
import { cgroup } from './cgroup.ts';
import { clockSync } from './clock-sync.ts';
import { disks } from './disks.ts';
import { dns } from './dns.ts';
import { bootId, machineId, operatingSystem, productUuid } from './identity.ts';
import { kernel, modules, overlayfs } from './kernel.ts';
import { leftovers } from './leftovers.ts';
import { type Machine, nodeMachine } from './machine.ts';
import { memoryOf } from './memory.ts';
import { addresses, routes } from './network.ts';
import { ports } from './ports.ts';
import { attempt, type ProbeSources } from './probe.ts';
import { apparmor, firewall, selinux } from './security.ts';
import { swap } from './swap.ts';
import { sysctls } from './sysctls.ts';
import { proxyEnvironment, tools } from './tools.ts';
import { installed, runtimes } from './versions.ts';
import { virtualization } from './virtualization.ts';

export interface CollectOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
  readonly agentVersion: string;
  readonly clockSkewMs: number | null;
  /** @default the machine this runs on */
  readonly machine?: Machine;
}

const probes = {
  machineId,
  productUuid,
  bootId,
  os: operatingSystem,
  kernel,
  virtualization,
  modules,
  overlayfs,
  swap,
  memoryBytes: ({ machine }) => machine.memoryBytes(),
  cpus: ({ machine }) => machine.cpus(),
  disks,
  addresses,
  routes,
  dns,
  clock: clockSync,
  cgroup,
  ports,
  firewall,
  selinux,
  apparmor,
  sysctls,
  tools,
  runtimes,
  installed,
  leftovers,
  certificates,
} satisfies { readonly [Name in ProbedName]: Probe<Name> };

type GivenName =
  | 'schema'
  | 'collectedAtMs'
  | 'hostname'
  | 'architecture'
  | 'uid'
  | 'proxyEnvironment'
  | 'clockSkewMs'
  | 'agentVersion';
type ProbedName = Exclude<keyof NodeFacts, GivenName>;
type Probed = Pick<NodeFacts, ProbedName>;
type Probe<Name extends ProbedName> = (
  sources: ProbeSources,
) => NodeFacts[Name] | Promise<NodeFacts[Name]>;

export async function collectFacts(options: CollectOptions): Promise<NodeFacts> {
  const { host, clock, log, machine = nodeMachine } = options;
  const sources: ProbeSources = { host, machine, memory: memoryOf(host), clock, log };
  const probed = await probeAll(sources);
  return {
    schema: 'muster/facts/v1',
    collectedAtMs: clock.now(),
    hostname: machine.hostname(),
    architecture: machine.architecture(),
    uid: machine.uid(),
    proxyEnvironment: proxyEnvironment(sources),
    clockSkewMs: options.clockSkewMs,
    agentVersion: options.agentVersion,
    ...probed,
  };
}

async function probeAll(sources: ProbeSources): Promise<Probed> {
  const names = Object.keys(probes) as ProbedName[];
  const entries = await Promise.all(
    names.map(async (name) => {
      const value: Known<unknown> = await attempt<unknown>(sources, name, probes[name]);
      return [name, value] as const;
    }),
  );
  // `probes` has every name, each with the type of its fact: the check above says so.
  return Object.fromEntries(entries) as unknown as Probed;
}
