// What kubeadm and the kubelet wrote, on the disk. Neither of them syncs anything: the journal would say
// that a host has joined, and after a power cut within the next half minute its certificates and its
// configuration would be empty files.
import { AppError } from '../../shared/errors.ts';
import { kubernetes } from './kubernetes-paths.ts';
import type { StepContext } from './step-runner.ts';

const directories = [
  kubernetes.directory,
  kubernetes.pki,
  kubernetes.manifests,
  kubernetes.kubeletDirectory,
  kubernetes.kubeletPki,
];
/** The kubelet writes aside and renames: a name may be gone by the time it is synced. */
const mostLooks = 3;
const timeoutMs = 60_000;

/** @throws AppError exec-failed */
export async function keepKubernetesOnDisk(context: StepContext): Promise<void> {
  const { host, signal } = context;
  for (let look = 1; ; look += 1) {
    const paths = (await Promise.all(directories.map((path) => filesIn(path, context)))).flat();
    if (paths.length === 0) return;
    const { exitCode, stderr } = await host.read(['sync', ...paths], { timeoutMs, signal });
    if (exitCode === 0) return;
    if (look < mostLooks && /No such file/.test(stderr)) continue;
    const why = stderr.trim().split('\n').at(-1);
    throw new AppError('exec-failed', `what kubeadm wrote does not get to the disk: ${why}`, {
      retryable: true,
    });
  }
}

/** The directory itself with the files in it; nothing when it is empty or not there. */
async function filesIn(directory: string, { host }: StepContext): Promise<readonly string[]> {
  const paths = (await host.list(directory)).map((name) => `${directory}/${name}`);
  const kinds = await Promise.all(paths.map(async (path) => (await host.stat(path))?.kind));
  const files = paths.filter((_path, index) => kinds[index] === 'file');
  return paths.length === 0 ? [] : [directory, ...files];
}
