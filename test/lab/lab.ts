// A lab: real systemd hosts on one machine, on a network of their own. This is what tests, the
// bench and `npm start` use. Its state is what the kernel and the lab's directory say, never what a
// process remembers, so any process may open a lab that another one made, or left half made.
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NotFoundError } from './caller-error.ts';
import * as host from './host/host.ts';
import { isDiskComplete } from './host/host-disk.ts';
import { hostCommand, readLeader, runInHost } from './host/host-process.ts';
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
import type { RunOptions, RunResult } from './run.ts';

export interface HostSpec {
  readonly name: string;
  /** Full text of cloud-init user-data; the host boots without any when absent. */
  readonly userData?: string;
}

/** A cut host runs and cannot be reached over its network. */
export type HostState = 'running' | 'stopped' | 'cut';

export interface HostStatus {
  readonly name: string;
  readonly address: string;
  readonly state: HostState;
  /** Pid of the host's systemd as the machine counts; undefined when stopped. */
  readonly leaderPid: number | undefined;
}

export type ExecOptions = Pick<RunOptions, 'stdin' | 'timeoutMs' | 'signal'>;

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

  const place = (hostName: string, addressNumber: number): host.HostPlace =>
    host.hostPlace({ lab: name, host: hostName, subnet, addressNumber }, hostsDirectory);

  async function knownPlaces(): Promise<readonly host.HostPlace[]> {
    const claims = [...(await readClaims(addresses))].sort(([, a], [, b]) => a - b);
    return claims.map(([hostName, number]) => place(hostName, number));
  }

  async function knownPlace(hostName: string): Promise<host.HostPlace> {
    const number = (await readClaims(addresses)).get(hostName);
    if (number !== undefined) return place(hostName, number);
    const names = (await knownPlaces()).map(({ cable }) => cable.host).join(', ');
    throw new NotFoundError(`lab ${name} has no host ${hostName}; it has ${names || 'none'}`);
  }

  async function leaderOf(hostName: string): Promise<number> {
    await knownPlace(hostName);
    const leader = await readLeader(name, hostName);
    if (leader === undefined) throw new Error(`host ${hostName} of lab ${name} is switched off`);
    return leader;
  }

  /** A host that a crash left half made and nobody asks for again only holds an address. */
  async function dropHalfMade(wanted: ReadonlySet<string>): Promise<void> {
    for (const known of await knownPlaces()) {
      const { cable, disk } = known;
      if (wanted.has(cable.host) || (await isDiskComplete(disk))) continue;
      await host.switchOff(known);
      await rm(disk.directory, { recursive: true, force: true });
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
    const rootfs = await buildRootfs({ cacheDir, log, signal });
    const places = await locked(async () => {
      await dropHalfMade(wanted);
      for (const hostName of wanted) await claimAddress(addresses, hostName);
      const known = await knownPlaces();
      const neighbours = known.map((one) => ({
        name: one.cable.host,
        address: host.addressOfPlace(one),
      }));
      const asked = known.filter((one) => wanted.has(one.cable.host));
      await Promise.all(
        asked.map(async (one) => {
          const userData = specs.find((spec) => spec.name === one.cable.host)?.userData;
          await host.createHost(one, { userData, neighbours });
          signal?.throwIfAborted();
          await host.switchOn(one, rootfs);
        }),
      );
      return asked;
    });
    await Promise.all(places.map((one) => host.waitUntilBooted(one, signal)));
    await introduceAll();
  }

  async function introduceAll(): Promise<void> {
    const known = await knownPlaces();
    const neighbours = known.map((one) => ({
      name: one.cable.host,
      address: host.addressOfPlace(one),
    }));
    await Promise.all(known.map((one) => host.introduce(one, neighbours)));
  }

  async function statusOf(known: host.HostPlace): Promise<HostStatus> {
    const leaderPid = await readLeader(name, known.cable.host);
    const isCut = await host.isCut(known);
    const state = leaderPid === undefined ? 'stopped' : isCut ? 'cut' : 'running';
    return { name: known.cable.host, address: host.addressOfPlace(known), state, leaderPid };
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
    stop: (hostName) => locked(async () => host.switchOff(await knownPlace(hostName))),
    start: async (hostName, signal) => {
      await knownPlace(hostName);
      await up([{ name: hostName }], signal);
    },
    cut: (hostName) => locked(async () => host.cutHost(await knownPlace(hostName))),
    heal: (hostName) => locked(async () => host.healHost(await knownPlace(hostName))),
    exec: async (hostName, argv, execOptions) =>
      runInHost(await leaderOf(hostName), argv, execOptions),
    inHost: async (hostName, argv) => hostCommand(await leaderOf(hostName), argv),
    inFabric: (argv) => [...inNamespace(fabricNamespace), ...argv],
    addressOf: async (hostName) => host.addressOfPlace(await knownPlace(hostName)),
    status: async () => Promise.all((await knownPlaces()).map(statusOf)),
    down: () =>
      locked(async () => {
        await sweepLab(name, directory);
        await releaseClaim(subnets, name);
        await leaveMachine({ stateDir, subnets, settings });
      }),
  };
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
