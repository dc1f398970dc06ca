// Every kind of step on a simulated host: what it checks is the world, what it does are commands of that
// host or a call of an API. Files are the real runners' business.
import { stepRegistry } from '../../../agent/steps/registry.ts';
import type {
  Applied,
  StepContext,
  StepRegistry,
  StepRunner,
} from '../../../agent/steps/step-runner.ts';
import type { StepArgs, StepKind } from '../../../shared/model/step.ts';
import { certificateRequest } from '../processes/fixed-keys.ts';
import { clusterRunners } from './cluster-runners.ts';
import type { SimHost } from './host.ts';
import { phaseParts } from './kubeadm.ts';
import type { World } from './world.ts';

export interface Model<K extends StepKind> {
  /** Why there is something to do; null when there is nothing. */
  readonly fault: (args: StepArgs[K], context: StepContext) => string | null;
  readonly apply: (args: StepArgs[K], context: StepContext) => Promise<Applied>;
  /** Told where there is nothing to do. */
  readonly outputs?: (args: StepArgs[K]) => Applied['outputs'];
  readonly isMeasured?: boolean;
}

export function modelled<K extends StepKind>(kind: K, model: Model<K>): StepRunner<K> {
  const runner: StepRunner<K> = {
    kind,
    title: () => kind,
    check: async (args, context) => {
      await context.host.stat('/');
      const why = model.fault(args, context);
      if (why !== null) return { kind: 'needed', why };
      const outputs = model.outputs?.(args);
      return outputs === undefined ? { kind: 'satisfied' } : { kind: 'satisfied', outputs };
    },
    apply: model.apply,
  };
  return model.isMeasured === true ? { ...runner, verify: async () => undefined } : runner;
}

/** A command in the attempt's unit; a second one has `_2` at its end. */
export const runOn = async (
  context: StepContext,
  argv: readonly string[],
  number = 1,
): Promise<void> => {
  const { unit, timeoutMs, signal } = context;
  const name = number === 1 ? unit : `${unit}_${number}`;
  await context.host.change(argv, { unit: name, timeoutMs, signal });
};

const missing = (host: SimHost, paths: readonly string[]): string | null => {
  const path = paths.find((one) => !host.files.has(one));
  return path === undefined ? null : `${path} is not there`;
};

export function simulatedRegistry(host: SimHost, world: World): StepRegistry {
  const settings = <K extends StepKind>(kind: K, path: (args: StepArgs[K]) => string) =>
    modelled(kind, {
      fault: (args) => missing(host, [path(args)]),
      apply: async (args, context) => {
        await runOn(context, ['settings', path(args)]);
        return {};
      },
    });
  return {
    ...stepRegistry,
    ...clusterRunners(host, world),
    'disable-swap': settings('disable-swap', () => '/etc/no-swap'),
    'load-kernel-modules': settings('load-kernel-modules', ({ path }) => path),
    'set-sysctls': settings('set-sysctls', ({ path }) => path),
    'fetch-artifact': modelled('fetch-artifact', {
      fault: ({ artifact }) => (host.artifacts.has(artifact.sha256) ? null : 'not fetched yet'),
      apply: async ({ artifact }, context) => {
        await context.artifact(artifact);
        return {};
      },
    }),
    'install-binary': modelled('install-binary', {
      fault: ({ path }) => missing(host, [path]),
      apply: async ({ artifact, path }, context) => {
        await context.artifact(artifact);
        await runOn(context, ['install', path]);
        return {};
      },
    }),
    'unpack-archive': modelled('unpack-archive', {
      fault: ({ members }) =>
        missing(
          host,
          members.map(({ to }) => to),
        ),
      apply: async ({ artifact, members }, context) => {
        await context.artifact(artifact);
        await runOn(context, ['unpack', ...members.map(({ to }) => to)]);
        return {};
      },
    }),
    'import-image': modelled('import-image', {
      fault: ({ reference }) => (host.images.has(reference) ? null : 'not imported yet'),
      apply: async ({ artifact, reference }, context) => {
        await context.artifact(artifact);
        await runOn(context, ['import', reference]);
        return {};
      },
    }),
    'manage-unit': modelled('manage-unit', {
      fault: ({ name, enabled, state }) => {
        const unit = host.units.get(name);
        if (enabled && unit?.isEnabled !== true) return `${name} is not enabled`;
        if (state === 'any' || state === 'stopped') return null;
        return host.isRunning(name) ? null : `${name} does not run`;
      },
      apply: async ({ name, enabled, state }, context) => {
        if (enabled && host.units.get(name)?.isEnabled !== true) {
          await runOn(context, ['systemctl', 'enable', name]);
        }
        if (state !== 'any' && state !== 'stopped' && !host.isRunning(name)) {
          await runOn(context, ['systemctl', 'start', name], 2);
        }
        return {};
      },
    }),
    'request-certificate': modelled('request-certificate', {
      fault: ({ keyPath, certificatePath, caPath }) =>
        missing(host, [keyPath, certificatePath, caPath]),
      apply: async ({ profile, keyPath, certificatePath, caPath }, context) => {
        await context.host.writeFile(keyPath, 'key', 0o600);
        const { certificate, ca } = await context.signCertificate(profile, certificateRequest());
        await context.host.writeFile(caPath, ca, 0o644);
        await context.host.writeFile(certificatePath, certificate, 0o644);
        return {};
      },
    }),
    'kubeadm-phase': modelled('kubeadm-phase', {
      fault: ({ command, phase }) => {
        const name = [command, ...phase].join(' ');
        const isDone = phaseParts(name, { host, world }).every((part) => part.isThere());
        return isDone ? null : `${name} is not done`;
      },
      apply: async ({ command, phase, configPath }, context) => {
        await runOn(context, ['kubeadm', command, ...phase, configPath]);
        return {};
      },
    }),
  };
}
