// What every host of a lab can do, whatever it is made of, and what is the same for all of them: its
// cable, and that everything it ever started is in cgroups that bear its name.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCgroups, removeCgroups } from '../machine/cgroup.ts';
import { exists } from '../machine/exists.ts';
import { addressIn, type Cable, setCable, unplugHost } from '../machine/fabric.ts';
import { hostScopeName } from '../machine/names.ts';
import type { RunOptions, RunResult } from '../run.ts';
import { killHost } from './host-process.ts';

export type ExecOptions = Pick<RunOptions, 'stdin' | 'timeoutMs' | 'signal'>;

export interface Neighbour {
  readonly name: string;
  readonly address: string;
}

export interface NewHost {
  readonly userData: string | undefined;
  readonly neighbours: readonly Neighbour[];
}

/** One host through its life. Each operation completes what it finds, so any may be repeated. */
export interface LabHost {
  readonly cable: Cable;
  /** Of everything that the lab keeps of this host. */
  readonly directory: string;
  /** Makes the disk of a host that has none. */
  create(content: NewHost): Promise<void>;
  /** Switches it on, unless it is on. */
  switchOn(): Promise<void>;
  /** Waits until its systemd has started everything it was going to start. */
  waitUntilBooted(signal?: AbortSignal): Promise<void>;
  /** Pid of its first process as the machine counts; undefined when it is off. */
  leader(): Promise<number | undefined>;
  /** Tells it, when it runs, the names of those that were added after it was made. */
  introduce(neighbours: readonly Neighbour[]): Promise<void>;
  /** Runs a program inside; the host runs. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<RunResult>;
  /** The argv that runs a program inside, for callers with a terminal. */
  command(argv: readonly string[]): Promise<readonly string[]>;
}

export function addressOf({ subnet, addressNumber }: Cable): string {
  return addressIn(subnet, addressNumber);
}

/** A line of etc/hosts. */
export function hostsLine({ name, address }: Neighbour): string {
  return `${address} ${name}`;
}

/** True when the disk is whole: a crash while it was made leaves it without the mark. */
export function isComplete({ directory }: { readonly directory: string }): Promise<boolean> {
  return exists(completeMark(directory));
}

/** The last thing that is written when a disk is made. */
export async function markComplete(directory: string): Promise<void> {
  await writeFile(completeMark(directory), '');
}

/** Ends everything of the host at once and keeps its disk; what it had in memory is lost. */
export async function switchOff(cable: Cable): Promise<void> {
  const scope = hostScopeName(cable.lab, cable.host);
  await killHost(cable.lab, cable.host);
  await removeCgroups(await findCgroups((name) => name === scope));
  await unplugHost(cable);
}

/** Takes the cable out of a running or stopped host. */
export async function cutHost(host: LabHost): Promise<void> {
  await writeFile(cutMark(host), '');
  if ((await host.leader()) !== undefined) await setCable(host.cable, 'down');
}

/** Puts the cable back. */
export async function healHost(host: LabHost): Promise<void> {
  await rm(cutMark(host), { force: true });
  if ((await host.leader()) !== undefined) await setCable(host.cable, 'up');
}

export function isCut(host: Pick<LabHost, 'directory'>): Promise<boolean> {
  return exists(cutMark(host));
}

function cutMark({ directory }: Pick<LabHost, 'directory'>): string {
  return join(directory, 'cut');
}

function completeMark(directory: string): string {
  return join(directory, 'complete');
}
