// A lab: real systemd hosts on one machine, on a network of their own. This is what tests, the
// bench and `npm start` use. Its state is what the kernel and the lab's directory say, never what a
// process remembers, so any process may open a lab that another one made, or left half made.
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NotFoundError } from './caller-error.ts';
import { isGuestDirectory } from './guest/guest-disk.ts';
import { guestHost } from './guest/guest-host.ts';
import { buildGuestImage } from './guest/guest-image.ts';
import { containerHost } from './host/container-host.ts';
import {
  addressOf,
  cutHost,
  type ExecOptions,
  healHost,
  isComplete,
  isCut,
  type LabHost,
  type Neighbour,
  switchOff,
} from './host/lab-host.ts';
import { buildRootfs } from './host/rootfs.ts';
import {
  claimAddress,
  claimSubnet,
  listDirectory,
  readClaims,
  releaseClaim,
} from './machine/address.ts';
import { exists } from './machine/exists.ts';
import { gatewayOf, inNamespace, raiseFabric, subnetOf, subnetText } from './machine/fabric.ts';
import { loadKernelModules } from './machine/kernel-modules.ts';
import { withLock } from './machine/lock.ts';
import { restoreMachineSettings, saveMachineSettings } from './machine/machine-settings.ts';
import { fabricNamespaceName, parseHostName, parseLabName } from './machine/names.ts';
import { sweepLab } from './machine/sweep.ts';
import { ensureSystemPackages, hostPackages } from './machine/system-packages.ts';
import { defaultCacheDir, defaultStateDir, labDirectory } from './paths.ts';
import type { RunResult } from './run.ts';

export interface HostSpec {
  readonly name: string;
  /** Full text of cloud-init user-data; the host boots without any when absent. */
  readonly userData?: string;
  /** A machine of its own kernel instead of a container, for a host that is made. @default false */
  readonly isMachine?: boolean;
}

/** A cut host runs and cannot be reached over its network. */
export type HostState = 'running' | 'stopped' | 'cut';

export interface HostStatus {
  readonly name: string;
  readonly address: string;
  readonly state: HostState;
  /** Pid of the host's first process as the machine counts; undefined when stopped. */
  readonly leaderPid: number | undefined;
  /** True when it has a kernel of its own. */
  readonly isMachine: boolean;
}

export interface Lab {
  readonly name: string;
  /** Where the lab and the programs that use it keep their files; `down` removes it. */
  readonly directory: string;
  /** For example 10.77.3.0/24. */
  readonly subnet: string;
  /** The fabric's own address, on which a program in the fabric can listen. */
  readonly gateway: string;
  readonly fabricNamespace: string;
  /** Makes the network alone, for a coordinator that has to be there before the hosts. */
  raise(signal?: AbortSignal): Promise<void>;
  /** Makes and boots what is missing; resolves when each host's systemd is up. */
  up(hosts: readonly HostSpec[], signal?: AbortSignal): Promise<void>;
  addHost(spec: HostSpec, signal?: AbortSignal): Promise<void>;
  /** Ends a host as a pulled plug does; its disk stays. */
  stop(name: string): Promise<void>;
  start(name: string, signal?: AbortSignal): Promise<void>;
  cut(name: string): Promise<void>;
  heal(name: string): Promise<void>;
  exec(name: string, argv: readonly string[], options?: ExecOptions): Promise<RunResult>;
  /** The argv that runs a program inside a running host, for callers with a terminal. */
  inHost(name: string, argv: readonly string[]): Promise<readonly string[]>;
  /** The argv that runs a program in the fabric. */
  inFabric(argv: readonly string[]): readonly string[];
  /** The address of a host that was made. */
  addressOf(name: string): Promise<string>;
  status(): Promise<readonly HostStatus[]>;
  /** Removes the lab and everything in it. */
  down(): Promise<void>;
}

export interface LabOptions {
  readonly name: string;
  /** @default /var/lib/muster-lab */
  readonly stateDir?: string;
  /** @default MUSTER_CACHE, else /var/cache/muster-lab */
  readonly cacheDir?: string;
  /** Takes what the lab does that lasts, such as building its root file system. */
  readonly log?: (line: string) => void;
}

/** True when a lab of that name was made and not taken down. */
export function labExists(name: string, stateDir: string = defaultStateDir): Promise<boolean> {
  return exists(labDirectory(parseLabName(name), stateDir));
}

/** Opens a lab and gives it its subnet; nothing is started yet. */
export async function openLab(options: LabOptions): Promise<Lab> {
  const name = parseLabName(options.name);
  const stateDir = options.stateDir ?? defaultStateDir;
  const cacheDir = options.cacheDir ?? defaultCacheDir();
  const log = options.log ?? (() => {});
  const directory = labDirectory(name, stateDir);
  const addresses = join(directory, 'addresses');
  const hostsDirectory = join(directory, 'hosts');
  const subnets = join(stateDir, 'subnets');
  const settings = join(stateDir, 'machine-settings.json');
  const fabricNamespace = fabricNamespaceName(name);
  const locked = <T>(work: () => Promise<T>): Promise<T> =>
    withLock({ path: join(stateDir, 'lock'), log }, work);
  if (process.getuid?.() !== 0) throw new Error('the lab makes namespaces: run it as root');

  const subnet = await locked(async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return subnetOf(await claimSubnet(subnets, name));
  });

  const build = { cacheDir, log };
  const rootfs = (): Promise<string> => buildRootfs(build);

  async function hostAt(
    hostName: string,
    addressNumber: number,
    isNewMachine = false,
  ): Promise<LabHost> {
    const directoryOfHost = join(hostsDirectory, hostName);
    const cable = { lab: name, host: hostName, subnet, addressNumber };
    const place = { cable, directory: directoryOfHost };
    const isMade = await isComplete(place);
    const isMachine = isMade ? await isGuestDirectory(directoryOfHost) : isNewMachine;
    return isMachine
      ? guestHost(place, () => buildGuestImage(build))
      : containerHost(place, rootfs);
  }

  /** @param newMachines names of those that are to have a kernel of their own, if they are made */
  async function knownHosts(newMachines: ReadonlySet<string> = new Set()): Promise<LabHost[]> {
    const claims = [...(await readClaims(addresses))].sort(([, a], [, b]) => a - b);
    return Promise.all(
      claims.map(([hostName, number]) => hostAt(hostName, number, newMachines.has(hostName))),
    );
  }

  async function knownHost(hostName: string): Promise<LabHost> {
    const number = (await readClaims(addresses)).get(hostName);
    if (number !== undefined) return hostAt(hostName, number);
    const names = (await knownHosts()).map(({ cable }) => cable.host).join(', ');
    throw new NotFoundError(`lab ${name} has no host ${hostName}; it has ${names || 'none'}`);
  }

  /** A host that a crash left half made and nobody asks for again only holds an address. */
  async function dropHalfMade(wanted: ReadonlySet<string>): Promise<void> {
    for (const known of await knownHosts()) {
      const { cable } = known;
      if (wanted.has(cable.host) || (await isComplete(known))) continue;
      await switchOff(cable);
      await rm(known.directory, { recursive: true, force: true });
      await releaseClaim(addresses, cable.host);
    }
  }

  async function raise(signal?: AbortSignal): Promise<void> {
    await ensureSystemPackages({ packages: hostPackages, log, signal });
    await locked(async () => {
      await saveMachineSettings(settings);
      await loadKernelModules(log);
      await raiseFabric(name, subnet);
    });
  }

  async function up(specs: readonly HostSpec[], signal?: AbortSignal): Promise<void> {
    const wanted = new Set(specs.map((spec) => parseHostName(spec.name)));
    if (wanted.size < specs.length) throw new Error('two hosts of a lab cannot have one name');
    await raise(signal);
    const machines = new Set(specs.filter((spec) => spec.isMachine).map((spec) => spec.name));
    // Minutes on a new machine: before other labs are kept waiting.
    if (machines.size > 0) await buildGuestImage({ ...build, signal });
    if (machines.size < specs.length) await rootfs();
    const hosts = await locked(async () => {
      await dropHalfMade(wanted);
      for (const hostName of wanted) await claimAddress(addresses, hostName);
      const known = await knownHosts(machines);
      const asked = known.filter((one) => wanted.has(one.cable.host));
      await Promise.all(
        asked.map(async (one) => {
          const userData = specs.find((spec) => spec.name === one.cable.host)?.userData;
          await one.create({ userData, neighbours: known.map(neighbourOf) });
          signal?.throwIfAborted();
          await one.switchOn();
        }),
      );
      return asked;
    });
    await Promise.all(hosts.map((one) => one.waitUntilBooted(signal)));
    const known = await knownHosts();
    await Promise.all(known.map((one) => one.introduce(known.map(neighbourOf))));
  }

  async function statusOf(known: LabHost): Promise<HostStatus> {
    const leaderPid = await known.leader();
    const state = leaderPid === undefined ? 'stopped' : (await isCut(known)) ? 'cut' : 'running';
    return {
      name: known.cable.host,
      address: addressOf(known.cable),
      state,
      leaderPid,
      isMachine: await isGuestDirectory(known.directory),
    };
  }

  return {
    name,
    directory,
    subnet: subnetText(subnet),
    gateway: gatewayOf(subnet),
    fabricNamespace,
    raise,
    up,
    addHost: (spec, signal) => up([spec], signal),
    stop: (hostName) => locked(async () => switchOff((await knownHost(hostName)).cable)),
    start: async (hostName, signal) => {
      await knownHost(hostName);
      await up([{ name: hostName }], signal);
    },
    cut: (hostName) => locked(async () => cutHost(await knownHost(hostName))),
    heal: (hostName) => locked(async () => healHost(await knownHost(hostName))),
    exec: async (hostName, argv, execOptions) =>
      (await knownHost(hostName)).exec(argv, execOptions),
    inHost: async (hostName, argv) => (await knownHost(hostName)).command(argv),
    inFabric: (argv) => [...inNamespace(fabricNamespace), ...argv],
    addressOf: async (hostName) => addressOf((await knownHost(hostName)).cable),
    status: async () => Promise.all((await knownHosts()).map(statusOf)),
    down: () =>
      locked(async () => {
        await sweepLab(name, directory);
        await releaseClaim(subnets, name);
        await leaveMachine({ stateDir, subnets, settings });
      }),
  };
}

function neighbourOf({ cable }: LabHost): Neighbour {
  return { name: cable.host, address: addressOf(cable) };
}

interface StatePaths {
  readonly stateDir: string;
  readonly subnets: string;
  readonly settings: string;
}

/** The last lab to go puts the machine's settings back and takes the state directory with it. */
async function leaveMachine({ stateDir, subnets, settings }: StatePaths): Promise<void> {
  if ((await listDirectory(subnets)).length > 0) return;
  await restoreMachineSettings(settings);
  await rm(join(stateDir, 'lock'), { force: true });
  for (const path of [subnets, join(stateDir, 'labs'), stateDir]) {
    await rmdir(path).catch(() => {
      // Somebody keeps something there, or another lab is just being opened.
    });
  }
}
