// A host with a kernel of its own: made, booted, asked, told. What its kernel had not written when it is
// switched off is lost, as it is when the plug of a machine is pulled.
import { fileURLToPath } from 'node:url';
import {
  addressOf,
  hostsLine,
  isComplete,
  isCut,
  type LabHost,
  type Neighbour,
  type NewHost,
  switchOff,
} from '../host/lab-host.ts';
import { readSystemState } from '../host/system-state.ts';
import { waitUntilBooted } from '../host/wait-until-booted.ts';
import {
  type Cable,
  gatewayOf,
  hardwareAddressOf,
  plugGuest,
  setCable,
} from '../machine/fabric.ts';
import { createGuestDisk, type GuestDisk, guestDiskOf } from './guest-disk.ts';
import type { GuestImage } from './guest-image.ts';
import { bootGuest, readGuest } from './guest-process.ts';
import { runInGuest } from './run-in-guest.ts';

const bootPollMs = 1000;
/** Each question is processes of a host that is busy with booting. */
const statePatienceSeconds = 20;
/** Without the processor's help, and beside other work, a boot takes minutes. */
const bootTimeoutMs = 900_000;
const answerTimeoutMs = 60_000;
const introduceTimeoutMs = 20_000;

interface GuestPlace {
  readonly cable: Cable;
  readonly disk: GuestDisk;
}

/** @param image what a new guest begins with, built when it is asked for */
export function guestHost(
  { cable, directory }: Pick<LabHost, 'cable' | 'directory'>,
  image: () => Promise<GuestImage>,
): LabHost {
  const place = { cable, disk: guestDiskOf(directory) };
  const { lab, host } = cable;
  const mustRun = async (): Promise<void> => {
    if ((await readGuest(lab, host)) === undefined)
      throw new Error(`host ${host} of lab ${lab} is switched off`);
  };
  return {
    cable,
    directory,
    create: async (content) => {
      if (!(await isComplete(place.disk))) await createGuest(place, await image(), content);
    },
    switchOn: () => switchOn(place),
    waitUntilBooted: (signal) =>
      waitUntilBooted({
        cable,
        state: () => stateOf(place, signal),
        pollMs: bootPollMs,
        timeoutMs: bootTimeoutMs,
        logs: [place.disk.log, place.disk.console],
        signal,
      }),
    leader: () => readGuest(lab, host),
    introduce: async (neighbours) => {
      if ((await readGuest(lab, host)) !== undefined) await introduce(place, neighbours);
    },
    exec: async (argv, options) => {
      await mustRun();
      return runInGuest(place.disk.agent, argv, options);
    },
    command: async (argv) => {
      await mustRun();
      const program = fileURLToPath(new URL('enter-guest.ts', import.meta.url));
      return [process.execPath, program, place.disk.agent, '--', ...argv];
    },
  };
}

/** What a crash left of an earlier try is ended first. */
async function createGuest(
  { cable, disk }: GuestPlace,
  image: GuestImage,
  content: NewHost,
): Promise<void> {
  await switchOff(cable);
  await createGuestDisk(disk, image, {
    hostName: cable.host,
    userData: content.userData,
    address: addressOf(cable),
    gateway: gatewayOf(cable.subnet),
    hardwareAddress: hardwareAddressOf(cable),
    neighbours: content.neighbours.map(hostsLine),
  });
}

async function switchOn({ cable, disk }: GuestPlace): Promise<void> {
  if ((await readGuest(cable.lab, cable.host)) !== undefined) return;
  // Remains of the last boot would keep the disk or the address.
  await switchOff(cable);
  await plugGuest(cable);
  if (await isCut(disk)) await setCable(cable, 'down');
  await bootGuest(cable, disk);
}

async function stateOf({ cable, disk }: GuestPlace, signal?: AbortSignal): Promise<string> {
  if ((await readGuest(cable.lab, cable.host)) === undefined) return 'off';
  const ask = async (argv: readonly string[]): Promise<string> =>
    (await runInGuest(disk.agent, argv, { timeoutMs: answerTimeoutMs, signal })).stdout;
  try {
    return await readSystemState(ask, statePatienceSeconds);
  } catch {
    signal?.throwIfAborted();
    // Its agent starts late in a boot.
    return 'starting';
  }
}

/** One that is just booting or rebooting is told by the next who asks for a host. */
async function introduce({ disk }: GuestPlace, neighbours: readonly Neighbour[]): Promise<void> {
  const script =
    'for line in "$@"; do grep -qxF "$line" /etc/hosts || echo "$line" >>/etc/hosts; done';
  const lines = neighbours.map(hostsLine);
  const argv = ['sh', '-c', script, 'introduce', ...lines];
  await runInGuest(disk.agent, argv, { timeoutMs: introduceTimeoutMs }).catch(() => undefined);
}
