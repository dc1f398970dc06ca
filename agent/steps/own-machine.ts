// Whether a Node object is of this machine. A cluster knows nodes by their names alone: one that another
// machine of the same name has left behind is Ready for a while, and is not this host.
import type { Host } from '../host/host.ts';
import { textAt } from './kube-object.ts';

/** Where a kubelet finds what it reports as machineID: the first that is there. */
const places = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/**
 * What is wrong with the object as the node of this machine, as a clause; null when nothing is, or when
 * this machine has no id.
 */
export async function otherMachine(node: unknown, host: Host): Promise<string | null> {
  const own = await machineIdOf(host);
  if (own === '') return null;
  const found = textAt(node, 'status', 'nodeInfo', 'machineID');
  if (found === own) return null;
  return found === ''
    ? 'does not say yet which machine it is of'
    : `is of another machine so far (machine-id ${found.slice(0, 64)}, this host has ${own})`;
}

async function machineIdOf(host: Host): Promise<string> {
  for (const path of places) {
    const text = (await host.readFile(path))?.trim() ?? '';
    if (text !== '') return text;
  }
  return '';
}
