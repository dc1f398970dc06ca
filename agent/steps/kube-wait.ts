// The waits for something of a cluster have one shape: look over a connection that is kept while it
// works, and is made anew, from what is on disk by then, after a failure. No process is started.
import type { StepArgs, StepKind } from '../../shared/model/step.ts';
import type { KubeApi } from '../host/kube-api.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { type Probe, patient, waitUntil } from './wait-until.ts';

export interface KubeWait<K extends StepKind> {
  readonly kind: K;
  readonly everyMs: number;
  title(args: StepArgs[K]): string;
  open(args: StepArgs[K], context: StepContext): Promise<KubeApi>;
  /** Done with a sentence about what was seen. */
  look(args: StepArgs[K], api: KubeApi, context: StepContext): Promise<Probe<string>>;
  /** What is to be done on the host once it was seen. */
  seen?(context: StepContext): Promise<void>;
}

export function kubeWait<K extends StepKind>(wait: KubeWait<K>): StepRunner<K> {
  async function looking<T>(
    args: StepArgs[K],
    context: StepContext,
    work: (probe: () => Promise<Probe<string>>) => Promise<T>,
  ): Promise<T> {
    let kept: KubeApi | null = null;
    const forget = (): void => {
      kept?.close();
      kept = null;
    };
    const probe = async (): Promise<Probe<string>> => {
      try {
        kept ??= await wait.open(args, context);
        return await wait.look(args, kept, context);
      } catch (thrown) {
        forget();
        throw thrown;
      }
    };
    try {
      return await work(probe);
    } finally {
      forget();
    }
  }

  return {
    kind: wait.kind,
    title: (args) => wait.title(args),
    check: async (args, context) => {
      const seen = await looking(args, context, patient);
      if (seen.kind !== 'done') return { kind: 'needed', why: seen.for };
      await wait.seen?.(context);
      return { kind: 'satisfied', note: seen.value };
    },
    apply: async (args, context) => {
      const { everyMs } = wait;
      const note = await looking(args, context, async (probe) => {
        return await waitUntil(context, { everyMs, probe });
      });
      await wait.seen?.(context);
      return { note };
    },
    // apply ends when it has seen it.
    verify: async () => {},
  };
}
