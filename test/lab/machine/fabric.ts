// The network of a lab: one namespace with a bridge, and a cable from it to each host's namespace.
// The fabric has no route out and nothing of it is in the machine's own namespace, so no packet of a
// lab can leave it. The coordinator runs in the fabric and has the gateway's address.
import { rmdir } from 'node:fs/promises';
import { run, tryRun } from '../run.ts';
import { listDirectory } from './address.ts';
import { cableName, fabricNamespaceName, hostScopeName, hostScopePrefix } from './names.ts';

const bridge = 'fabric0';
const namespaceDirectory = '/run/netns';

export interface Subnet {
  /** For example 10.77.3. */
  readonly base: string;
  readonly number: number;
}

const gatewayNumber = 1;

export function subnetOf(number: number): Subnet {
  return { base: `10.77.${number}`, number };
}

export function subnetText(subnet: Subnet): string {
  return `${subnet.base}.0/24`;
}

export function gatewayOf(subnet: Subnet): string {
  return addressIn(subnet, gatewayNumber);
}

export function addressIn(subnet: Subnet, number: number): string {
  return `${subnet.base}.${number}`;
}

/** Makes the fabric when it is not there or only half there. */
export async function raiseFabric(lab: string, subnet: Subnet): Promise<void> {
  const namespace = fabricNamespaceName(lab);
  if (!(await namespaceExists(namespace))) await run(['ip', 'netns', 'add', namespace]);
  const links = await tryRun(['ip', '-n', namespace, 'link', 'show', bridge]);
  if (links.exitCode !== 0)
    await run(['ip', '-n', namespace, 'link', 'add', bridge, 'type', 'bridge']);
  await runBatch(namespace, [
    `link set ${bridge} address ${hardwareAddress(subnet, gatewayNumber)}`,
    `address replace ${gatewayOf(subnet)}/24 dev ${bridge}`,
    `link set ${bridge} up`,
    'link set lo up',
  ]);
}

export interface Cable {
  readonly lab: string;
  readonly host: string;
  readonly subnet: Subnet;
  readonly addressNumber: number;
}

/** Gives a host a new network namespace with one interface, eth0, on the lab's bridge. */
export async function plugHost(cable: Cable): Promise<void> {
  const { lab, host, subnet, addressNumber } = cable;
  const fabric = fabricNamespaceName(lab);
  const namespace = hostScopeName(lab, host);
  const end = cableName(addressNumber);
  // A network card keeps its address when its host restarts, and neighbours remember it.
  const hardware = hardwareAddress(subnet, addressNumber);
  await unplugHost(cable);
  await run(['ip', 'netns', 'add', namespace]);
  await runBatch(fabric, [
    `link add ${end} type veth peer name eth0 address ${hardware} netns ${namespace}`,
    `link set ${end} master ${bridge} up`,
  ]);
  await runBatch(namespace, [
    `address add ${addressIn(subnet, addressNumber)}/24 dev eth0`,
    'link set lo up',
    'link set eth0 up',
    `route add default via ${gatewayOf(subnet)}`,
  ]);
}

/** Puts the tap of a guest on the lab's bridge; the guest's own kernel has the other end. */
export async function plugGuest(cable: Cable): Promise<void> {
  const end = cableName(cable.addressNumber);
  await unplugHost(cable);
  await runBatch(fabricNamespaceName(cable.lab), [
    `tuntap add dev ${end} mode tap`,
    `link set ${end} master ${bridge} up`,
  ]);
}

/** What the network card of a host is called on the wire. */
export function hardwareAddressOf({ subnet, addressNumber }: Cable): string {
  return hardwareAddress(subnet, addressNumber);
}

/** Takes a host's interface and namespace away; nothing to do is fine. */
export async function unplugHost(cable: Cable): Promise<void> {
  const fabric = fabricNamespaceName(cable.lab);
  // The cable goes by itself with the last process in the namespace, but not at once.
  await tryRun(['ip', '-n', fabric, 'link', 'delete', cableName(cable.addressNumber)]);
  await removeNamespace(hostScopeName(cable.lab, cable.host));
}

/** Sets the fabric's end of a host's cable: down is as if the cable were cut. */
export async function setCable(cable: Cable, state: 'up' | 'down'): Promise<void> {
  const end = cableName(cable.addressNumber);
  await run(['ip', '-n', fabricNamespaceName(cable.lab), 'link', 'set', end, state]);
}

/** Removes every namespace of the lab, found by name. */
export async function removeNamespaces(lab: string): Promise<void> {
  for (const name of await listDirectory(namespaceDirectory)) {
    if (name.startsWith(hostScopePrefix(lab))) await removeNamespace(name);
  }
  await removeNamespace(fabricNamespaceName(lab));
  await removeEmptyNamespaceDirectory();
}

/** Pids of the programs that run in the lab's fabric, such as its coordinator. */
export async function fabricProcesses(lab: string): Promise<readonly number[]> {
  const namespace = fabricNamespaceName(lab);
  if (!(await namespaceExists(namespace))) return [];
  const pids = await run(['ip', 'netns', 'pids', namespace]);
  return pids
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** The argv prefix of a program that is to run in a network namespace. */
export function inNamespace(namespace: string): readonly string[] {
  return ['nsenter', `--net=${namespaceDirectory}/${namespace}`, '--'];
}

export async function namespaceExists(namespace: string): Promise<boolean> {
  return (await listDirectory(namespaceDirectory)).includes(namespace);
}

/** Locally administered, and the same for one place in the lab at every boot. */
function hardwareAddress(subnet: Subnet, number: number): string {
  const parts = [0x02, 0x4d, 0x75, 0, subnet.number, number];
  return parts.map((part) => part.toString(16).padStart(2, '0')).join(':');
}

async function removeNamespace(name: string): Promise<void> {
  if (await namespaceExists(name)) await run(['ip', 'netns', 'delete', name]);
}

/** `ip netns add` mounts its directory over itself; without any namespace that is litter. */
async function removeEmptyNamespaceDirectory(): Promise<void> {
  if ((await listDirectory(namespaceDirectory)).length > 0) return;
  await tryRun(['umount', namespaceDirectory]);
  try {
    await rmdir(namespaceDirectory);
  } catch {
    // Somebody made a namespace in between, or the directory belongs to the system.
  }
}

async function runBatch(namespace: string, lines: readonly string[]): Promise<void> {
  await run(['ip', '-n', namespace, '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
}
