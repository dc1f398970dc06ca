// A running guest: one QEMU process in the lab's fabric, in the cgroups that bear the host's name, so
// that it is found and ended as every host is. With the processor's help where there is one.
import { access, readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createHostCgroups, findCgroups, readProcesses, weighCgroups } from '../machine/cgroup.ts';
import { isMissing } from '../machine/exists.ts';
import { type Cable, hardwareAddressOf, inNamespace } from '../machine/fabric.ts';
import { cableName, fabricNamespaceName, hostScopeName } from '../machine/names.ts';
import { startDetached } from '../run.ts';
import { type GuestDisk, productUuidOf } from './guest-disk.ts';

const program = 'qemu-system-x86_64';
const memoryMebibytes = 2048;
const largestCpus = 2;
/** Against other hosts and processes of the machine: what these do in a second takes a guest ten. */
const weight = 8;
/** Of the console only what is wrong: each letter of it costs a slow guest its time. */
const bootWords = [
  ...['root=/dev/nvme0n1', 'rw', 'console=ttyS0', 'quiet', 'systemd.show_status=error'],
  ...['mitigations=off', 'audit=0', 'apparmor=0', 'selinux=0', 'net.ifnames=0'],
];

/** Starts a guest whose tap is on the bridge; it runs on when this process ends. */
export async function bootGuest(cable: Cable, disk: GuestDisk): Promise<void> {
  const cgroups = await createHostCgroups(hostScopeName(cable.lab, cable.host));
  await weighCgroups(cgroups, weight);
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  await rm(disk.agent, { force: true });
  const argv = [
    ...['env', '-i', path, fileURLToPath(new URL('../host/enter-host', import.meta.url))],
    ...[...cgroups, '--'],
    ...inNamespace(fabricNamespaceName(cable.lab)),
    ...[program, ...(await machineOf(cable, disk))],
  ];
  startDetached(argv, disk.log);
}

async function machineOf(cable: Cable, disk: GuestDisk): Promise<readonly string[]> {
  // Paths of a lab hold no comma, which would end an option.
  const tap = cableName(cable.addressNumber);
  const { options, kernelWords } = await processorOf();
  return [
    ...['-name', `${cable.lab}.${cable.host}`, '-uuid', await productUuidOf(disk)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'pc'],
    ...options,
    ...['-smp', String(Math.min(largestCpus, availableParallelism()))],
    ...['-m', String(memoryMebibytes)],
    // The kernel has NVMe and ext4 built in: neither boot loader nor initramfs is needed.
    ...['-kernel', disk.kernel],
    ...['-append', [...bootWords, ...kernelWords].join(' ')],
    // What the guest has synced is in the file and outlives this process; what its kernel still held
    // in memory is lost with it. The machine's own disk need not be synced for either.
    ...['-drive', `if=none,id=root,file=${disk.image},format=raw,cache=unsafe,aio=threads`],
    ...['-device', 'nvme,drive=root,serial=root'],
    ...['-netdev', `tap,id=lan,ifname=${tap},script=no,downscript=no`],
    ...['-device', `virtio-net-pci,netdev=lan,mac=${hardwareAddressOf(cable)},romfile=`],
    ...['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci'],
    ...['-chardev', `socket,id=agent,path=${disk.agent},server=on,wait=off`],
    ...['-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0'],
    ...['-chardev', `file,id=console,path=${disk.console},append=on`, '-serial', 'chardev:console'],
  ];
}

interface Processor {
  readonly options: readonly string[];
  readonly kernelWords: readonly string[];
}

async function processorOf(): Promise<Processor> {
  if (await hasKvm()) return { options: ['-accel', 'kvm', '-cpu', 'host'], kernelWords: [] };
  // What a translated processor does slowly, it says it cannot do at all: copying by byte, a fifth level
  // of page tables, the check of each access to a program's memory, guests of its own.
  const cpu = 'max,-erms,-fsrm,-la57,-smap,-smep,-pku,-svm';
  return {
    options: ['-accel', 'tcg,thread=multi,tb-size=512', '-cpu', cpu],
    // It counts the machine's own cycles, the same ones on each of its processors, which the kernel would
    // not believe: it would look at a timer device whenever a program asks for the time. And when the
    // machine is busy no timer ticks while the kernel tries whether it does, which is a panic.
    kernelWords: ['tsc=reliable', 'no_timer_check', 'clearcpuid=rep_good'],
  };
}

/**
 * True where any kernel can run beside this one's. Without the processor's flag /dev/kvm may be that of
 * a hypervisor that takes only kernels made for it.
 */
async function hasKvm(): Promise<boolean> {
  try {
    await access('/dev/kvm');
  } catch {
    return false;
  }
  return /^flags\s*:.*\b(vmx|svm)\b/m.test(await readFile('/proc/cpuinfo', 'utf8'));
}

/** Pid of the guest's QEMU as the machine counts; undefined when the guest is off. */
export async function readGuest(lab: string, host: string): Promise<number | undefined> {
  const scope = hostScopeName(lab, host);
  for (const pid of await readProcesses(await findCgroups((name) => name === scope))) {
    if (await isGuest(pid)) return pid;
  }
  return undefined;
}

async function isGuest(pid: number): Promise<boolean> {
  try {
    const [argv0] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    return argv0 === program;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
