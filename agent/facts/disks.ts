// Free space where Kubernetes and Muster will write. A path that is not there yet is judged by its
// nearest parent that is.
import { dirname } from 'node:path';
import type { DiskFact } from '../../shared/model/facts.ts';
import type { Machine, Space } from './machine.ts';
import { mountOf, parseMountInfo } from './mounts.ts';
import { type ProbeSources, readRequired } from './probe.ts';

const diskPaths = [
  '/',
  '/var/lib/etcd',
  '/var/lib/containerd',
  '/var/lib/kubelet',
  '/usr/local',
  '/var/lib/muster-agent',
] as const;

export async function disks({ host, machine }: ProbeSources): Promise<readonly DiskFact[]> {
  const mounts = parseMountInfo(await readRequired(host, '/proc/self/mountinfo'));
  return await Promise.all(
    diskPaths.map(async (path) => {
      const space = await nearestSpace(machine, path);
      const filesystem = mountOf(space.path, mounts)?.filesystem ?? 'unknown';
      return { path, filesystem, totalBytes: space.totalBytes, freeBytes: space.freeBytes };
    }),
  );
}

async function nearestSpace(machine: Machine, wanted: string): Promise<Space> {
  for (let path = wanted; ; path = dirname(path)) {
    const space = await machine.spaceOf(path);
    if (space !== null) return space;
    if (path === '/') throw new Error('not even / has a file system');
  }
}
