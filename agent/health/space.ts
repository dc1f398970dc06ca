// Room on the file systems that Kubernetes and etcd write to, and free memory. In steps, so that a
// host on which nothing happens says the same again.
import type { SpaceHealth } from '../../shared/model/health.ts';
import type { Machine } from '../facts/machine.ts';
import type { Host } from '../host/host.ts';

const diskPaths = ['/', '/var/lib/etcd', '/var/lib/containerd', '/var/lib/kubelet'] as const;
const step = 64 * 1024 * 1024;
const inSteps = (bytes: number): number => Math.round(bytes / step) * step;

/** A path that is not there is left out: what would be there is judged with its parent. */
export async function diskSpace(machine: Machine): Promise<readonly SpaceHealth[]> {
  const spaces = await Promise.all(
    diskPaths.map(async (path) => {
      const space = await machine.spaceOf(path);
      if (space === null) return [];
      return [{ path, totalBytes: space.totalBytes, freeBytes: inSteps(space.freeBytes) }];
    }),
  );
  return spaces.flat();
}

export async function memorySpace(
  host: Host,
): Promise<{ readonly totalBytes: number; readonly availableBytes: number }> {
  const text = (await host.readFile('/proc/meminfo')) ?? '';
  const bytes = (field: string): number => {
    const [, kilobytes] = new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(text) ?? [];
    if (kilobytes === undefined) throw new Error(`/proc/meminfo has no ${field}`);
    return Number(kilobytes) * 1024;
  };
  return { totalBytes: bytes('MemTotal'), availableBytes: inSteps(bytes('MemAvailable')) };
}
