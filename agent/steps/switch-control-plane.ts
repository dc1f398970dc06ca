// The static pods of this master as its configuration has them. kubeadm renders them aside; the API server
// comes first, since the other two must not be newer than it, and each is waited for by what really runs.
// What does not come up is taken back. Certificates are not touched: what ran before runs with any that are
// good now.
import { AppError, isAbort, toAppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { PutOff } from '../plan/put-off.ts';
import {
  type ControlPlaneDisk,
  type ControlPlaneName,
  controlPlaneDisk,
  controlPlaneNames,
  type Manifests,
  manifestPath,
} from './control-plane-disk.ts';
import {
  apiServerFault,
  containerFault,
  isHopeless,
  lastWords,
  openOwnApi,
  startsOf,
  startsSince,
  versionFault,
} from './control-plane-watch.ts';
import { keepKubernetesOnDisk } from './keep-on-disk.ts';
import { markerPath, renderedDigest } from './kubeadm-phase-checks.ts';
import { kubernetes } from './kubernetes-paths.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { done, patient, waits, waitUntil } from './wait-until.ts';

type Args = StepArgs['switch-control-plane'];

export const switchControlPlane: StepRunner<'switch-control-plane'> = {
  kind: 'switch-control-plane',
  title: ({ nodeName, version }) => `switch the control plane of ${nodeName} to ${version}`,

  check: async (args, context) => {
    const why = await whatIsMissing(args, context);
    if (why !== null) return { kind: 'needed', why };
    await keepKubernetesOnDisk(context);
    return { kind: 'satisfied', note: `the control plane of ${args.nodeName} is ${args.version}` };
  },

  apply: async (args, context) => {
    const disk = controlPlaneDisk(context);
    const before = await disk.record();
    if (before?.direction === 'back') {
      await takeBack({ args, context, disk });
      // An earlier plan's failure was told by it; this plan's own is told now.
      if (before.planId === context.planId) throw takenBack(args, before.why);
    }
    const { planId } = context;
    try {
      await render(args, context, disk);
      const manifests = await disk.manifests('aside');
      await disk.begin({ planId, direction: 'to', why: '' }, await disk.manifests('live'));
      await bringUp({ args, context, disk }, { manifests, version: args.version });
    } catch (thrown) {
      // The agent ends, or the step's time is over: the next attempt finds the record.
      if (isAbort(thrown) || thrown instanceof PutOff || context.signal.aborted) throw thrown;
      // Without one nothing was touched, by this attempt or by an earlier one.
      if ((await disk.record()) === null) throw thrown;
      const why = await whatWasSeen(thrown, context);
      await disk.note({ planId, direction: 'back', why });
      await takeBack({ args, context, disk });
      throw takenBack(args, why);
    }
    await remember(args, context);
    await disk.end();
    return { note: `the control plane of ${args.nodeName} is ${args.version}` };
  },
};

interface Switching {
  readonly args: Args;
  readonly context: StepContext;
  readonly disk: ControlPlaneDisk;
}

async function whatIsMissing(args: Args, context: StepContext): Promise<string | null> {
  if ((await controlPlaneDisk(context).record()) !== null) return 'a switch was cut off halfway';
  const marker = await context.host.readFile(markerPath(markerOf(args), context));
  if (marker === null) return 'whether the manifests are of this configuration is not known';
  if (marker.trim() !== (await digestOf(args, context)))
    return 'the manifests are not of this configuration';
  const probe = await patient(async () => {
    using api = await openOwnApi(args, context);
    return done(await apiServerFault(api, args.version));
  });
  return probe.kind === 'done' ? probe.value : probe.for;
}

/** The same mark that kubeadm's phase of an install leaves. */
const markerOf = ({ configPath, nodeName }: Args): StepArgs['kubeadm-phase'] => ({
  command: 'init',
  phase: ['control-plane', 'all'],
  configPath,
  nodeName,
});

async function digestOf(args: Args, context: StepContext): Promise<string> {
  const config = (await context.host.readFile(args.configPath)) ?? '';
  return await renderedDigest({ config, context }, controlPlaneNames.map(manifestPath));
}

async function remember(args: Args, context: StepContext): Promise<void> {
  const digest = await digestOf(args, context);
  await context.host.writeFile(markerPath(markerOf(args), context), `${digest}\n`, 0o600);
}

/** A trial of kubeadm's writes the very manifests, to where it is told. */
async function render(args: Args, context: StepContext, disk: ControlPlaneDisk): Promise<void> {
  const { host, unit, timeoutMs, signal } = context;
  // Makes the folder. What an earlier attempt rendered there is written over.
  await host.writeFile(`${disk.aside}/.made`, '', 0o600);
  const phase = ['init', 'phase', 'control-plane', 'all'];
  const argv = [kubernetes.kubeadm, ...phase, '--config', args.configPath, '--dry-run'];
  const env = { KUBEADM_INIT_DRYRUN_DIR: disk.aside };
  await host.change(argv, { unit, timeoutMs, signal, env });
}

interface Target {
  readonly manifests: Manifests;
  /** Null: whatever version it was. */
  readonly version: string | null;
}

/** The other two need not wait until the API server is ready: they do that themselves. */
async function bringUp(switching: Switching, { manifests, version }: Target): Promise<void> {
  const { args, context, disk } = switching;
  const endsAt = context.clock.boot() + args.waitSeconds * 1000;
  /** @param name what is given up when it ends again and again; null: nothing is */
  const until = async (
    name: ControlPlaneName | null,
    fault: () => Promise<string | null>,
  ): Promise<void> => {
    const before = name === null ? null : await startsOf(name, context);
    await waitUntil(context, {
      everyMs: 250,
      forMs: Math.max(0, endsAt - context.clock.boot()),
      probe: async () => {
        const why = await fault().catch(unseen);
        if (why === null) return done(null);
        if (name !== null && before !== null) {
          const starts = startsSince(before, await startsOf(name, context));
          if (isHopeless(starts)) throw new AppError('not-ready', endsAgain(name, starts, why));
        }
        return waits(why);
      },
    });
  };
  const apiServer = async (fault: typeof versionFault): Promise<string | null> => {
    using api = await openOwnApi(args, context);
    return await fault(api, version);
  };
  const container = async (name: ControlPlaneName): Promise<string | null> =>
    await containerFault(name, manifests[name], context);
  await disk.put('kube-apiserver', manifests['kube-apiserver']);
  await until('kube-apiserver', async () => {
    return (await container('kube-apiserver')) ?? (await apiServer(versionFault));
  });
  for (const name of controlPlaneNames) await disk.put(name, manifests[name]);
  // Until it is ready, the other two may end for want of it.
  await until(null, async () => await apiServer(apiServerFault));
  for (const name of controlPlaneNames) await until(name, async () => await container(name));
}

const endsAgain = (name: string, starts: number, why: string): string =>
  `${name} was started ${starts} times and ended each time: ${why}`;

/** What cannot be looked at is no sign of anything: only time takes a control plane back. */
function unseen(thrown: unknown): string {
  if (isAbort(thrown)) throw thrown;
  return toAppError(thrown).message;
}

/** The other two first: they must not stay newer than the API server. */
async function takeBack({ args, context, disk }: Switching): Promise<void> {
  const manifests = await disk.manifests('before');
  context.progress(`takes the control plane of ${args.nodeName} back`);
  for (const name of controlPlaneNames.toReversed()) await disk.put(name, manifests[name]);
  try {
    await bringUp({ args, context, disk }, { manifests, version: null });
  } catch (thrown) {
    if (isAbort(thrown) || context.signal.aborted) throw thrown;
    // The record stays, and the copies: the next attempt goes on taking it back.
    throw new AppError(
      'not-ready',
      `the control plane of ${args.nodeName} has the manifests that ran before again, and does not come up with them: ${toAppError(thrown).message}`,
      { retryable: true, cause: thrown },
    );
  }
  await disk.end();
}

const takenBack = ({ nodeName, version }: Args, why: string): AppError =>
  new AppError(
    'not-ready',
    `the control plane of ${nodeName} did not come up as ${version}, and ${nodeName} was taken back to what ran before: ${why}`,
    { retryable: false },
  );

async function whatWasSeen(thrown: unknown, context: StepContext): Promise<string> {
  const words = await lastWords(context);
  return `${toAppError(thrown).message}${words === '' ? '' : `; ${words}`}`.slice(0, 3_000);
}
