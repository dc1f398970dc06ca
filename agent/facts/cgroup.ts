// The control-group hierarchy. A hybrid one (v1 controllers beside an empty v2 tree) counts as 1,
// because that is where the kubelet and containerd find their controllers.
import { type Mount, parseMountInfo } from './mounts.ts';
import { type ProbeSources, readRequired } from './probe.ts';

export interface CgroupFact {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
}

export async function cgroup({ host }: ProbeSources): Promise<CgroupFact> {
  const unified = await host.readFile('/sys/fs/cgroup/cgroup.controllers');
  if (unified !== null) {
    return { version: 2, controllers: unified.split(/\s+/).filter((name) => name !== '') };
  }
  const mounts = parseMountInfo(await readRequired(host, '/proc/self/mountinfo'));
  const controllers = mountedControllers(await readRequired(host, '/proc/cgroups'), mounts);
  if (controllers.length === 0) throw new Error('no cgroup hierarchy is mounted');
  return { version: 1, controllers };
}

/** The v1 controllers that the kernel has enabled and that are mounted somewhere. */
function mountedControllers(procCgroups: string, mounts: readonly Mount[]): readonly string[] {
  const mounted = new Set(
    mounts.flatMap((mount) => (mount.filesystem === 'cgroup' ? mount.superOptions : [])),
  );
  return procCgroups.split('\n').flatMap((line) => {
    const [name = '', , , enabled] = line.trim().split(/\s+/);
    return enabled === '1' && mounted.has(name) ? [name] : [];
  });
}
