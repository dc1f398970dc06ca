// What an earlier install left and a new one would trip over. Only what exists is named; nothing is
// judged or touched here.
import type { ProbeSources } from './probe.ts';

const manifestDirectory = '/etc/kubernetes/manifests';

const paths = [
  '/etc/kubernetes/kubelet.conf',
  '/etc/kubernetes/bootstrap-kubelet.conf',
  '/etc/kubernetes/admin.conf',
  '/etc/kubernetes/pki/ca.crt',
  '/var/lib/etcd/member',
  '/var/lib/kubelet/config.yaml',
] as const;

export async function leftovers({ host }: ProbeSources): Promise<readonly string[]> {
  const [manifests, stats] = await Promise.all([
    host.list(manifestDirectory),
    Promise.all(paths.map((path) => host.stat(path))),
  ]);
  // The kubelet runs every file there whose name does not start with a dot.
  const pods = manifests.filter((name) => !name.startsWith('.'));
  return [
    ...pods.map((name) => `${manifestDirectory}/${name}`),
    ...paths.filter((_, index) => stats[index] !== null),
  ];
}
