// Runs one phase of kubeadm, in a transient unit, when its check on real state asks for it. What is
// wrong and can be made again is removed first: kubeadm keeps whatever is there, or refuses it.
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { redact } from '../../shared/redact.ts';
import { connectKubeApi, type KubeApi } from '../host/kube-api.ts';
import { readKubeconfig } from '../host/kubeconfig.ts';
import { textAt } from './kube-object.ts';
import { lookPatiently } from './kube-session.ts';
import {
  markerPath,
  type Phase,
  phaseFor,
  phaseName,
  renderedDigest,
} from './kubeadm-phase-checks.ts';
import type { PhaseInput } from './kubeadm-phase-parts.ts';
import { kubernetes } from './kubernetes-paths.ts';
import { credentialsExpired, refuseExpiredToken } from './refuse-expired-token.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { done, waits, waitUntil } from './wait-until.ts';

type PhaseArgs = StepArgs['kubeadm-phase'];

const settleMs = 15_000;

export const kubeadmPhase: StepRunner<'kubeadm-phase'> = {
  kind: 'kubeadm-phase',
  title: (args) => `kubeadm ${args.command} phase ${args.phase.join(' ')}`,

  async check(args, context) {
    const phase = phaseFor(args);
    return await withInput(args, context, async (input) => {
      const why = await firstFault(phase, input);
      return why === null ? { kind: 'satisfied' } : { kind: 'needed', why };
    });
  },

  async apply(args, context) {
    const phase = phaseFor(args);
    await withInput(args, context, async (input) => {
      if (args.command === 'join') await refuseExpiredToken(input.config, context);
      await removeWrong(phase, input);
      await runKubeadm(args, phase, context);
      if (phase.rendered === undefined) return;
      const digest = await renderedDigest(input, phase.rendered);
      await context.host.writeFile(markerPath(args), `${digest}\n`, 0o600);
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
  },
};

async function withInput<T>(
  args: PhaseArgs,
  context: StepContext,
  work: (input: PhaseInput) => Promise<T>,
): Promise<T> {
  const { host, signal } = context;
  const config = await host.readFile(args.configPath);
  if (config === null) {
    throw new AppError('not-found', `there is no ${args.configPath} for kubeadm to read`);
  }
  let opened: KubeApi | null = null;
  const api = async (): Promise<KubeApi> => {
    opened ??= connectKubeApi(await readKubeconfig(host, kubernetes.adminConfig), signal);
    return opened;
  };
  try {
    return await work({ args, context, config, api });
  } finally {
    (opened as KubeApi | null)?.close();
  }
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

async function runKubeadm(args: PhaseArgs, phase: Phase, context: StepContext): Promise<void> {
  const { host, unit, timeoutMs, signal } = context;
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

/** What kubeadm said, without the advice around it. */
function explained(args: PhaseArgs, failure: AppError): AppError {
  const what = `kubeadm ${phaseName(args)}`;
  const output = textAt(failure.details, 'outputTail');
  const { details } = failure;
  if (args.command === 'join' && /\bUnauthorized\b|token.*(expired|not found)/i.test(output)) {
    return credentialsExpired(what, failure);
  }
  if (failure.code !== 'exec-failed') return failure;
  const said = output.split('\n').findLast((line) => /^\s*error\b/i.test(line)) ?? '';
  if (said === '') return failure;
  return new AppError('exec-failed', `${what} failed: ${redact(said.trim()).slice(0, 1_000)}`, {
    retryable: failure.retryable,
    details,
    cause: failure,
  });
}
