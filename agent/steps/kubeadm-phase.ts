// Runs one phase of kubeadm, in a transient unit, when its check on real state asks for it. What is
// wrong and can be made again is removed first: kubeadm keeps whatever is there, or refuses it. What it made
// in the cluster is marked with what it was made from.
//
// INVARIANT: the n-th run of the phase in an attempt has the attempt's n-th unit. So a repeat of the
// attempt finds the units of the runs that were, and goes on after them.
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { redact } from '../../shared/redact.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { keepKubernetesOnDisk } from './keep-on-disk.ts';
import { textAt } from './kube-object.ts';
import { lookPatiently, openAdminApi } from './kube-session.ts';
import {
  markerPath,
  type Phase,
  phaseFor,
  phaseName,
  renderedDigest,
} from './kubeadm-phase-checks.ts';
import type { PhaseInput } from './kubeadm-phase-parts.ts';
import { kubernetes } from './kubernetes-paths.ts';
import { refuseExpiredToken } from './refuse-expired-token.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { done, patiently, waits, waitUntil } from './wait-until.ts';

type PhaseArgs = StepArgs['kubeadm-phase'];

const settleMs = 15_000;
/** A master that is starting answers 401 for seconds; three runs are over after that. */
const mostRuns = 3;

export const kubeadmPhase: StepRunner<'kubeadm-phase'> = {
  kind: 'kubeadm-phase',
  title: (args) => `kubeadm ${args.command} phase ${args.phase.join(' ')}`,

  async check(args, context) {
    const phase = phaseFor(args);
    return await withInput(args, context, async (input) => {
      const why = await firstFault(phase, input);
      if (why !== null) return { kind: 'needed', why };
      // Of an attempt that was interrupted nobody knows how far its files got.
      await keepKubernetesOnDisk(context);
      return { kind: 'satisfied' };
    });
  },

  async apply(args, context) {
    const phase = phaseFor(args);
    await withInput(args, context, async (input) => {
      if (args.command === 'join') await refuseExpiredToken(input.config, context);
      await removeWrong(phase, input);
      await runPhase(args, phase, input);
      for (const part of phase.parts) {
        if (part.stamp !== undefined)
          await patiently(context, async () => await part.stamp?.(input));
      }
      if (phase.rendered === undefined) return;
      const digest = await renderedDigest(input, phase.rendered);
      await context.host.writeFile(markerPath(args, context), `${digest}\n`, 0o600);
    });
    return {};
  },

  // A kubelet that was started, a certificate that was asked for: they take a moment to be there.
  async verify(args, context) {
    const phase = phaseFor(args);
    await withInput(args, context, async (input) => {
      await waitUntil(context, {
        everyMs: 250,
        forMs: settleMs,
        probe: async () => {
          const fault = await firstFault(phase, input);
          if (fault === null) return done(null);
          return waits(`kubeadm ${phaseName(args)} ended well, but ${fault}`);
        },
      });
    });
    await keepKubernetesOnDisk(context);
  },
};

async function withInput<T>(
  args: PhaseArgs,
  context: StepContext,
  work: (input: PhaseInput) => Promise<T>,
): Promise<T> {
  const config = await context.host.readFile(args.configPath);
  if (config === null) {
    throw new AppError('not-found', `there is no ${args.configPath} for kubeadm to read`);
  }
  using opened = new DisposableStack();
  let kept: KubeApi | null = null;
  const api = async (): Promise<KubeApi> => {
    kept ??= opened.use(await openAdminApi(context));
    return kept;
  };
  return await work({ args, context, config, api });
}

async function firstFault(phase: Phase, input: PhaseInput): Promise<string | null> {
  for (const part of phase.parts) {
    const fault = await lookPatiently(input.context, async () => await part.fault(input));
    if (fault !== null) return fault;
  }
  return null;
}

async function removeWrong(phase: Phase, input: PhaseInput): Promise<void> {
  const { host } = input.context;
  for (const { fault, replaceable = [] } of phase.parts) {
    if (replaceable.length === 0 || (await fault(input)) === null) continue;
    for (const path of replaceable) {
      if ((await host.stat(path)) !== null) await host.remove(path);
    }
  }
}

/**
 * kubeadm asks for its configuration and for the node for a third of a second only: one connection to
 * a master that has just started, and knows no token yet, ends it. If the cluster takes the token, the
 * phase is run again.
 */
async function runPhase(args: PhaseArgs, phase: Phase, input: PhaseInput): Promise<void> {
  const { context, config } = input;
  for (let run = 1; ; run += 1) {
    const unit = run === 1 ? context.unit : `${context.unit}_${run}`;
    try {
      await runKubeadm(args, phase, { context, unit });
      return;
    } catch (thrown) {
      if (args.command !== 'join' || !isTokenRefused(thrown)) throw thrown;
      await refuseExpiredToken(config, context);
      if (run === mostRuns) throw thrown;
      context.progress('a master did not know the join credentials yet: kubeadm runs again');
    }
  }
}

async function runKubeadm(
  args: PhaseArgs,
  phase: Phase,
  { context, unit }: { readonly context: StepContext; readonly unit: string },
): Promise<void> {
  const { host, timeoutMs, signal } = context;
  const { flags = [] } = phase;
  const argv = [
    ...[kubernetes.kubeadm, args.command, 'phase', ...args.phase],
    ...['--config', args.configPath, ...flags],
  ];
  try {
    await host.change(argv, { unit, timeoutMs, signal });
  } catch (thrown) {
    throw thrown instanceof AppError ? explained(args, thrown) : thrown;
  }
}

function isTokenRefused(thrown: unknown): boolean {
  if (!(thrown instanceof AppError) || thrown.code !== 'exec-failed') return false;
  const output = textAt(thrown.details, 'outputTail');
  return /\bUnauthorized\b|token.*(expired|not found)/i.test(output);
}

/** What kubeadm said, without the advice around it. */
function explained(args: PhaseArgs, failure: AppError): AppError {
  if (failure.code !== 'exec-failed') return failure;
  const { details, retryable } = failure;
  const output = textAt(details, 'outputTail');
  const said = output.split('\n').findLast((line) => /^\s*error\b/i.test(line)) ?? '';
  if (said === '') return failure;
  const what = `kubeadm ${phaseName(args)}`;
  return new AppError('exec-failed', `${what} failed: ${redact(said.trim()).slice(0, 1_000)}`, {
    retryable,
    details,
    cause: failure,
  });
}
