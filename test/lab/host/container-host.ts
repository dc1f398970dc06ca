// A host that is a container of the machine's own kernel: made, booted, asked, told. Each operation looks
// at what is there and completes it, so it can be repeated after any crash.
import { appendFile, readFile } from 'node:fs/promises';
import { isMissing } from '../machine/exists.ts';
import { type Cable, gatewayOf, plugHost, setCable } from '../machine/fabric.ts';
import { createDisk, diskOf, type HostDisk } from './host-disk.ts';
import { bootHost, hostCommand, readLeader, runInHost } from './host-process.ts';
import {
  hostsLine,
  isComplete,
  isCut,
  type LabHost,
  type Neighbour,
  type NewHost,
  switchOff,
} from './lab-host.ts';
import { readSystemState } from './system-state.ts';
import { waitUntilBooted } from './wait-until-booted.ts';

const bootPollMs = 100;
const bootTimeoutMs = 120_000;

interface HostPlace {
  readonly cable: Cable;
  readonly disk: HostDisk;
}

/** A host that shares the machine's kernel. @param rootfs its lower layer, built when it is asked for */
export function containerHost(
  { cable, directory }: Pick<LabHost, 'cable' | 'directory'>,
  rootfs: () => Promise<string>,
): LabHost {
  const place = { cable, disk: diskOf(directory) };
  const { lab, host } = cable;
  const runningLeader = async (): Promise<number> => {
    const leader = await readLeader(lab, host);
    if (leader === undefined) throw new Error(`host ${host} of lab ${lab} is switched off`);
    return leader;
  };
  return {
    cable,
    directory,
    create: (content) => createHost(place, content),
    switchOn: async () => switchOn(place, await rootfs()),
    waitUntilBooted: (signal) =>
      waitUntilBooted({
        cable,
        state: () => stateOf(cable, signal),
        pollMs: bootPollMs,
        timeoutMs: bootTimeoutMs,
        logs: [place.disk.console],
        signal,
      }),
    leader: () => readLeader(lab, host),
    introduce: (neighbours) => introduce(place, neighbours),
    exec: async (argv, options) => runInHost(await runningLeader(), argv, options),
    command: async (argv) => hostCommand(await runningLeader(), argv),
  };
}

/** What a crash left of an earlier try is ended first. */
async function createHost({ cable, disk }: HostPlace, content: NewHost): Promise<void> {
  if (await isComplete(disk)) return;
  await switchOff(cable);
  await createDisk(disk, {
    hostName: cable.host,
    userData: content.userData,
    gateway: gatewayOf(cable.subnet),
    neighbours: content.neighbours.map(hostsLine),
  });
}

async function switchOn({ cable, disk }: HostPlace, rootfs: string): Promise<void> {
  if ((await readLeader(cable.lab, cable.host)) !== undefined) return;
  // Remains of the last boot would keep the disk or the address.
  await switchOff(cable);
  await plugHost(cable);
  if (await isCut(disk)) await setCable(cable, 'down');
  await bootHost({ lab: cable.lab, host: cable.host, rootfs, disk });
}

async function introduce(place: HostPlace, neighbours: readonly Neighbour[]): Promise<void> {
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

async function stateOf(cable: Cable, signal: AbortSignal | undefined): Promise<string> {
  const leader = await readLeader(cable.lab, cable.host);
  if (leader === undefined) return 'off';
  try {
    return await readSystemState(
      async (argv) => (await runInHost(leader, argv, { signal })).stdout,
    );
  } catch (error) {
    // The host may have ended between the two looks at it.
    if (isMissing(error)) return 'off';
    throw error;
  }
}
