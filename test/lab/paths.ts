// Where a lab and the programs that use it keep their files. Nothing else spells these paths.
import { join } from 'node:path';

/** Directory of every lab on this machine. It needs room: the disks of the hosts lie there. */
export const defaultStateDir = '/var/lib/muster-lab';

/** Directory of what is expensive to make and outlives every lab. */
export function defaultCacheDir(): string {
  return process.env['MUSTER_CACHE'] ?? '/var/cache/muster-lab';
}

/** The lab that is meant when none is named. */
export const defaultLabName = 'demo';

export function labDirectory(name: string, stateDir: string = defaultStateDir): string {
  return join(stateDir, 'labs', name);
}

/** The coordinator's own directory, given to it as its data directory. */
export function coordinatorDirectory(labDir: string): string {
  return join(labDir, 'coordinator');
}

/** The unix socket on which the coordinator answers its operator. */
export function coordinatorSocket(labDir: string): string {
  return join(coordinatorDirectory(labDir), 'coordinator.sock');
}

/** The operator's kubeconfig, once there is a cluster. */
export function operatorKubeconfig(labDir: string): string {
  return join(labDir, 'kubeconfig');
}
