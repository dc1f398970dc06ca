// One host of a lab through its life: made, booted, switched off, cut from the network, removed.
// Each operation looks at what is there and completes it, so it can be repeated after any crash.
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findCgroups, removeCgroups } from '../machine/cgroup.ts';
import { exists, isMissing } from '../machine/exists.ts';
import {
  addressIn,
  type Cable,
  gatewayOf,
  plugHost,
  setCable,
  unplugHost,
} from '../machine/fabric.ts';
import { hostScopeName } from '../machine/names.ts';
import { createDisk, diskOf, type HostDisk, isDiskComplete } from './host-disk.ts';
import { bootHost, killHost, readLeader, runInHost } from './host-process.ts';

const bootPollMs = 100;
const bootTimeoutMs = 120_000;
const switchOnTimeoutMs = 10_000;
const shownConsoleCharacters = 1500;

export interface HostPlace {
  readonly cable: Cable;
  readonly disk: HostDisk;
}

export interface Neighbour {
  readonly name: string;
  readonly address: string;
}

export function hostPlace(cable: Cable, hostsDirectory: string): HostPlace {
  return { cable, disk: diskOf(join(hostsDirectory, cable.host)) };
}

export interface NewHost {
  readonly userData: string | undefined;
  readonly neighbours: readonly Neighbour[];
}

/** Makes the disk of a host that has none; what a crash left of an earlier try is ended first. */
export async function createHost(place: HostPlace, content: NewHost): Promise<void> {
  if (await isDiskComplete(place.disk)) return;
  await switchOff(place);
  await createDisk(place.disk, {
    hostName: place.cable.host,
    userData: content.userData,
    gateway: gatewayOf(place.cable.subnet),
    neighbours: content.neighbours.map(hostsLine),
  });
}

/** Switches a host on, unless it is on. */
export async function switchOn(place: HostPlace, rootfs: string): Promise<void> {
  const { cable, disk } = place;
  if ((await readLeader(cable.lab, cable.host)) !== undefined) return;
  // Remains of the last boot would keep the disk or the address.
  await switchOff(place);
  await plugHost(cable);
  if (await isCut(place)) await setCable(cable, 'down');
  await bootHost({ lab: cable.lab, host: cable.host, rootfs, disk });
}

/** Waits until the host's systemd has started everything it was going to start. */
export async function waitUntilBooted(place: HostPlace, signal?: AbortSignal): Promise<void> {
  const started = Date.now();
  let wasOn = false;
  for (;;) {
    signal?.throwIfAborted();
    const state = await readSystemState(place.cable, signal);
    if (state === 'running' || state === 'degraded') return;
    const waitedMs = Date.now() - started;
    const hasEnded = state === 'off' && (wasOn || waitedMs > switchOnTimeoutMs);
    if (hasEnded || waitedMs > bootTimeoutMs) throw await bootFailure(place, state);
    wasOn ||= state !== 'off';
    await sleep(bootPollMs);
  }
}

/** Ends everything of the host at once and keeps its disk; what it had in memory is lost. */
export async function switchOff({ cable }: HostPlace): Promise<void> {
  const scope = hostScopeName(cable.lab, cable.host);
  await killHost(cable.lab, cable.host);
  await removeCgroups(await findCgroups((name) => name === scope));
  await unplugHost(cable);
}

/** Takes the cable out of a running or stopped host. */
export async function cutHost(place: HostPlace): Promise<void> {
  await writeFile(cutMark(place), '');
  if ((await readLeader(place.cable.lab, place.cable.host)) !== undefined) {
    await setCable(place.cable, 'down');
  }
}

/** Puts the cable back. */
export async function healHost(place: HostPlace): Promise<void> {
  await rm(cutMark(place), { force: true });
  if ((await readLeader(place.cable.lab, place.cable.host)) !== undefined) {
    await setCable(place.cable, 'up');
  }
}

export function isCut(place: HostPlace): Promise<boolean> {
  return exists(cutMark(place));
}

/** Tells a running host the names of those that were added after it was made. */
export async function introduce(place: HostPlace, neighbours: readonly Neighbour[]): Promise<void> {
  const leader = await readLeader(place.cable.lab, place.cable.host);
  if (leader === undefined) return;
  const path = `/proc/${leader}/root/etc/hosts`;
  try {
    const known = new Set((await readFile(path, 'utf8')).split('\n'));
    const missing = neighbours.map(hostsLine).filter((line) => !known.has(line));
    if (missing.length > 0) await appendFile(path, `${missing.join('\n')}\n`);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

export function addressOfPlace({ cable }: HostPlace): string {
  return addressIn(cable.subnet, cable.addressNumber);
}

function hostsLine({ name, address }: Neighbour): string {
  return `${address} ${name}`;
}

async function readSystemState(cable: Cable, signal: AbortSignal | undefined): Promise<string> {
  const leader = await readLeader(cable.lab, cable.host);
  if (leader === undefined) return 'off';
  try {
    const command = ['timeout', '2', 'systemctl', 'is-system-running', '--wait'];
    const state = (await runInHost(leader, command, { signal })).stdout.trim() || 'starting';
    if (state !== 'starting') return state;
    return (await onlyOthersAreAwaited(leader, signal)) ? 'running' : 'starting';
  } catch (error) {
    // The host may have ended between the two looks at it.
    if (isMissing(error)) return 'off';
    throw error;
  }
}

/**
 * True when all that still starts are units that were installed into the host later. They may wait for
 * other hosts, as a member of etcd does for its majority, and then for ever.
 */
async function onlyOthersAreAwaited(
  leader: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const ask = async (...words: readonly string[]): Promise<string> =>
    (await runInHost(leader, ['systemctl', ...words], { signal })).stdout.trim();
  if ((await ask('is-active', 'basic.target')) !== 'active') return false;
  const jobs = (await ask('list-jobs', '--plain', '--no-legend')).split('\n');
  const starting = jobs
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, unit, , state]) => (unit !== undefined && state === 'running' ? [unit] : []));
  if (starting.length === 0) return false;
  const files = await ask('show', '--property=FragmentPath', '--value', ...starting);
  return files
    .split(/\n+/)
    .every(
      (path) => path.startsWith('/etc/systemd/system/') && !path.endsWith('/lab-fixes.service'),
    );
}

async function bootFailure({ cable, disk }: HostPlace, state: string): Promise<Error> {
  const text = await readFile(disk.console, 'utf8').catch(() => '');
  const end = text.slice(-shownConsoleCharacters);
  return new Error(`host ${cable.host} of lab ${cable.lab} is "${state}", not booted: ${end}`);
}

function cutMark({ disk }: HostPlace): string {
  return join(disk.directory, 'cut');
}
