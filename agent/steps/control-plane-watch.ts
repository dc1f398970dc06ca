// Whether the control plane of this host is what its manifests say, seen on the host itself: what the API
// server answers at its own address, what the runtime runs, and the health ports. The mirror pods in the
// cluster tell the same up to a minute later.
import { AppError } from '../../shared/errors.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { readKubeconfig } from '../host/kubeconfig.ts';
import { failedChecks } from '../host/readyz.ts';
import { type ControlPlaneName, controlPlaneNames } from './control-plane-disk.ts';
import { textAt } from './kube-object.ts';
import { kubernetes } from './kubernetes-paths.ts';
import { flagOf, staticPodIn } from './static-pod.ts';
import type { StepContext } from './step-runner.ts';

/** Of one API server, trusted by the cluster's CA; as the administrator where the host has that. */
export async function openOwnApi(
  { server, caPath }: { readonly server: string; readonly caPath: string },
  { host, kube }: StepContext,
): Promise<KubeApi> {
  const ca = await host.readFile(caPath);
  if (ca === null) throw new AppError('not-found', `there is no ${caPath} to trust ${server} by`);
  const isMaster = (await host.stat(kubernetes.adminConfig)) !== null;
  const admin = isMaster ? await readKubeconfig(host, kubernetes.adminConfig) : {};
  return kube({ ...admin, server, ca });
}

const timeoutMs = 3_000;

/** @param version null: whatever it is */
export async function versionFault(api: KubeApi, version: string | null): Promise<string | null> {
  const answer = await api.request('GET', '/version', { timeoutMs });
  const running = textAt(answer.body, 'gitVersion');
  if (running !== '' && (version === null || running === version)) return null;
  return `${api.server} is ${running || 'of no known version'}, not ${version ?? 'up'}`;
}

/** @param version null: whatever it is */
export async function apiServerFault(api: KubeApi, version: string | null): Promise<string | null> {
  const fault = await versionFault(api, version);
  if (fault !== null) return fault;
  const ready = await api.request('GET', '/readyz', { timeoutMs });
  if (ready.status === 200) return null;
  return `${api.server} answers ${ready.status}: ${failedChecks(ready.text)}`;
}

const healthPorts: Readonly<Partial<Record<ControlPlaneName, string>>> = {
  'kube-controller-manager': '10257',
  'kube-scheduler': '10259',
};

/** What of the manifest does not run, or is not healthy. */
export async function containerFault(
  name: ControlPlaneName,
  manifest: string,
  context: StepContext,
): Promise<string | null> {
  const pod = staticPodIn(manifest, name);
  const running = await runningContainers(name, context);
  if (running.length === 0) return `no container of ${name} runs`;
  for (const { image, argv } of running) {
    const isOfManifest = argv.join('\0') === pod.argv.join('\0');
    if (!isOfManifest || !(await areSame(image, pod.image, context)))
      return `${name} still runs as it was before (${image})`;
  }
  const defaultPort = healthPorts[name];
  if (defaultPort === undefined) return null;
  const address = flagOf(pod, 'bind-address') ?? '127.0.0.1';
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
  const url = `https://${host}:${flagOf(pod, 'secure-port') ?? defaultPort}/healthz`;
  return await healthFault(name, url, context);
}

async function healthFault(
  name: string,
  url: string,
  context: StepContext,
): Promise<string | null> {
  const { httpGet, signal } = context;
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const { status, text } = await httpGet(url, limit);
    return status === 200
      ? null
      : `${name} answers ${status} at ${url}: ${text.trim().slice(0, 200)}`;
  } catch (thrown) {
    signal.throwIfAborted();
    return `${name} does not answer at ${url}: ${(thrown as Error).message}`;
  }
}

export interface RunningContainer {
  readonly id: string;
  readonly pid: string;
  readonly image: string;
  readonly argv: readonly string[];
}

const ctr = ['ctr', '--namespace', 'k8s.io'];

export async function runningContainers(
  name: ControlPlaneName,
  context: StepContext,
): Promise<readonly RunningContainer[]> {
  const filter = `labels."io.kubernetes.container.name"==${name},labels."io.kubernetes.pod.namespace"==kube-system`;
  const [containers, tasks] = await Promise.all([
    rowsOf([...ctr, 'containers', 'list', filter], context),
    rowsOf([...ctr, 'tasks', 'list'], context),
  ]);
  const pids = new Map(
    tasks.filter(([, , status]) => status === 'RUNNING').map(([id = '', pid]) => [id, pid]),
  );
  const found = containers.map(async ([id = '', image = '']) => {
    const pid = pids.get(id);
    if (pid === undefined) return [];
    // Gone in this very moment: it does not run.
    const command = await commandOf(pid, context);
    return command === '' ? [] : [{ id, pid, image, argv: command.split('\0').slice(0, -1) }];
  });
  return (await Promise.all(found)).flat();
}

/** Empty for one that is gone in this very moment: of such a process the kernel reads nothing, or fails. */
async function commandOf(pid: string, { host }: StepContext): Promise<string> {
  try {
    return (await host.readFile(`/proc/${pid}/cmdline`)) ?? '';
  } catch {
    return '';
  }
}

/** An image that the kubelet pulled has names by digest as well, and the runtime tells any of them. */
async function areSame(image: string, wanted: string, context: StepContext): Promise<boolean> {
  if (image === wanted) return true;
  const rows = await rowsOf([...ctr, 'images', 'list'], context);
  const digestOf = (name: string): string | undefined => rows.find(([ref]) => ref === name)?.[2];
  return digestOf(wanted) !== undefined && digestOf(image) === digestOf(wanted);
}

/** The columns of what ctr lists, without the heading. */
async function rowsOf(
  argv: readonly string[],
  { host, signal }: StepContext,
): Promise<readonly (readonly string[])[]> {
  const { exitCode, stdout, stderr } = await host.read(argv, { signal, timeoutMs: 10_000 });
  if (exitCode !== 0) {
    const why = stderr.trim().split('\n').at(-1);
    throw new AppError('unavailable', `containerd does not tell what runs: ${why}`, {
      retryable: true,
    });
  }
  const lines = stdout.split('\n').slice(1);
  return lines.filter((line) => line.trim() !== '').map((line) => line.trim().split(/\s+/));
}

const logs = '/var/log/pods';
const mostLines = 3;

/** The kubelet numbers the logs of a container by its starts. By folder: that of a pod. */
export type Starts = ReadonlyMap<string, number>;

export async function startsOf(name: ControlPlaneName, { host }: StepContext): Promise<Starts> {
  const pods = (await host.list(logs)).filter((pod) => pod.startsWith(`kube-system_${name}-`));
  const counts = pods.map(async (pod) => {
    const files = await host.list(`${logs}/${pod}/${name}`);
    const numbers = files.map((file) => Number(/^(\d+)\.log$/.exec(file)?.[1] ?? '-1'));
    return [pod, Math.max(-1, ...numbers)] as const;
  });
  return new Map(await Promise.all(counts));
}

/** What ends as often as this does not come up by being waited for. */
const mostStarts = 3;

/** How often the pod that was started most often since `before` was started. */
export function startsSince(before: Starts, now: Starts): number {
  return Math.max(0, ...[...now].map(([pod, last]) => last - (before.get(pod) ?? -1)));
}

export const isHopeless = (starts: number): boolean => starts >= mostStarts;

/** The end of the newest log of each container of the control plane that has ended, for people. */
export async function lastWords(context: StepContext): Promise<string> {
  const said = await Promise.all(
    controlPlaneNames.map(async (name) => {
      if ((await runningContainers(name, context).catch(() => [])).length > 0) return '';
      const text = await newestLog(name, context);
      return text === '' ? '' : `${name} said last: ${text}`;
    }),
  );
  return said.filter((one) => one !== '').join('; ');
}

async function newestLog(name: string, { host }: StepContext): Promise<string> {
  const pods = (await host.list(logs)).filter((pod) => pod.startsWith(`kube-system_${name}-`));
  const files = await Promise.all(
    pods.map(async (pod) => {
      const directory = `${logs}/${pod}/${name}`;
      return (await host.list(directory)).map((file) => `${directory}/${file}`);
    }),
  );
  const dated = await Promise.all(
    files.flat().map(async (path) => ({ path, stat: await host.stat(path) })),
  );
  // One that was started a moment ago has said nothing yet.
  const newest = dated
    .filter(({ stat }) => (stat?.size ?? 0) > 0)
    .toSorted((a, b) => (b.stat?.mtimeMs ?? 0) - (a.stat?.mtimeMs ?? 0))[0];
  if (newest === undefined) return '';
  const tail = await host.read(['tail', '-n', String(mostLines), newest.path]);
  // The runtime puts a date, a stream and a flag before each line.
  return tail.stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\S+ (stdout|stderr) [FP] /, '').slice(0, 500))
    .join(' | ');
}
