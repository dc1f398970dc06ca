// Static pods of the control plane, started again where a file that they read is younger than their
// process. Their manifests stay as they are: the process is told to end, and the kubelet starts it anew.
// The API server comes first, and each is waited for before the next is ended.
import type { StepArgs } from '../../shared/model/step.ts';
import { manifestPath } from './control-plane-disk.ts';
import {
  apiServerFault,
  containerFault,
  openOwnApi,
  type RunningContainer,
  runningContainers,
} from './control-plane-watch.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { done, patient, waits, waitUntil } from './wait-until.ts';

type Args = StepArgs['restart-static-pods'];
type Pod = Args['pods'][number];

/** As long as the kubelet waits when it ends a static pod. */
const graceMs = 30_000;

export const restartStaticPods: StepRunner<'restart-static-pods'> = {
  kind: 'restart-static-pods',
  title: ({ pods }) => `start ${pods.map(({ name }) => name).join(', ')} again`,

  check: async (args, context) => {
    for (const pod of args.pods) {
      const probe = await patient(async () => done(await podFault(args, pod, context)));
      const why = probe.kind === 'done' ? probe.value : probe.for;
      if (why !== null) return { kind: 'needed', why };
    }
    return { kind: 'satisfied', note: 'every process is younger than what it reads' };
  },

  apply: async (args, context) => {
    const restarted: string[] = [];
    for (const [index, pod] of args.pods.entries()) {
      const stale = await staleContainer(pod, context);
      if (stale !== null) {
        await end(stale, { pod, context, number: index * 2 + 1 });
        restarted.push(pod.name);
      }
      await waitUntil(context, {
        everyMs: 250,
        forMs: args.waitSeconds * 1000,
        probe: async () => {
          const fault = await podFault(args, pod, context);
          return fault === null ? done(null) : waits(fault);
        },
      });
    }
    const note = restarted.length === 0 ? 'nothing' : restarted.join(', ');
    return { note: `${note} was started again` };
  },

  // Each was seen a moment ago.
  verify: async () => {},
};

async function podFault(args: Args, pod: Pod, context: StepContext): Promise<string | null> {
  const { name } = pod;
  const running = await runningContainers(name, context);
  if (running.length === 0) return `no container of ${name} runs`;
  if ((await staleContainer(pod, context)) !== null)
    return `${name} runs with older files than those on the host`;
  // Without the other members of etcd none of them gets ready, however new its certificates are.
  if (!args.mustBeReady) return null;
  const manifest = (await context.host.readFile(manifestPath(name))) ?? '';
  const fault = await containerFault(name, manifest, context);
  if (fault !== null || name !== 'kube-apiserver') return fault;
  using api = await openOwnApi(args, context);
  return await apiServerFault(api, null);
}

async function staleContainer(pod: Pod, context: StepContext): Promise<RunningContainer | null> {
  const times = await Promise.all(
    pod.files.map(async (path) => (await context.host.stat(path))?.mtimeMs ?? 0),
  );
  const newestMs = Math.max(0, ...times);
  for (const container of await runningContainers(pod.name, context)) {
    const startedMs = await startedAtMs(container.pid, context);
    if (startedMs !== null && newestMs > startedMs + TICK_MS) return container;
  }
  return null;
}

/** The kernel counts starts in hundredths of a second. */
const TICK_MS = 10;
const startField = 19;

/** Null: it has just ended. */
async function startedAtMs(pid: string, { host, clock }: StepContext): Promise<number | null> {
  const [stat, uptime] = await Promise.all([
    host.readFile(`/proc/${pid}/stat`),
    host.readFile('/proc/uptime'),
  ]);
  if (stat === null || stat === '' || uptime === null) return null;
  // The second field is the program's name in brackets, with whatever is in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startedS = Number(fields[startField]) / 100;
  return clock.now() - (Number(uptime.split(' ')[0]) - startedS) * 1000;
}

interface Ending {
  readonly pod: Pod;
  readonly context: StepContext;
  /** Of the first of its two commands, the same whenever the attempt is repeated. */
  readonly number: number;
}

async function end(container: RunningContainer, ending: Ending): Promise<void> {
  const { pod, context, number } = ending;
  await kill(container, 'SIGTERM', { ...ending, number });
  const endsAt = context.clock.boot() + graceMs;
  while (context.clock.boot() < endsAt) {
    context.signal.throwIfAborted();
    const running = await runningContainers(pod.name, context);
    if (!running.some(({ id }) => id === container.id)) return;
    await context.clock.sleep(250, context.signal);
  }
  await kill(container, 'SIGKILL', { ...ending, number: number + 1 });
}

async function kill(
  { id }: RunningContainer,
  signalName: string,
  { pod, context, number }: Ending,
): Promise<void> {
  const { host, timeoutMs, signal } = context;
  const unit = number === 1 ? context.unit : `${context.unit}_${number}`;
  const argv = ['ctr', '--namespace', 'k8s.io', 'tasks', 'kill', '--signal', signalName, id];
  try {
    await host.change(argv, { unit, timeoutMs, signal });
  } catch (thrown) {
    // It ended by itself meanwhile: that is what was wanted.
    const running = await runningContainers(pod.name, context);
    if (running.some((one) => one.id === id)) throw thrown;
  }
}
