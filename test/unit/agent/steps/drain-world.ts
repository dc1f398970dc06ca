// A master whose API has one node w1 with pods, for the tests of the steps that cordon and drain it.
import { drainNode } from '../../../../agent/steps/drain-node.ts';
import { type BlockingPod, parseBlockingPods } from '../../../../shared/model/drain.ts';
import type { StepOutputs } from '../../../../shared/model/progress.ts';
import type { StepArgs } from '../../../../shared/model/step.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { KubePods } from '../../../fakes/kube-pods.ts';
import { type FakeContext, fakeContext, jumpingClock } from './fake-context.ts';

export interface DrainWorld extends AsyncDisposable {
  readonly server: KubeApiServer;
  readonly cluster: KubePods;
  readonly context: FakeContext;
  /** What one time of the step ends with. */
  drain(change?: Partial<StepArgs['drain-node']>): Promise<Drained>;
}

export interface Drained {
  readonly outputs: StepOutputs;
  readonly left: number;
  readonly blocking: readonly BlockingPod[];
  readonly tookMs: number;
}

export const drainArgs: StepArgs['drain-node'] = {
  node: 'w1',
  machineId: 'machine-w1',
  owner: 'r1',
  podGraceSeconds: null,
  evictUnmanaged: false,
  deleteEmptyDirData: true,
  disableEviction: false,
  waitSeconds: 20,
};

export async function drainWorld(): Promise<DrainWorld> {
  const server = await KubeApiServer.start();
  const clock = jumpingClock();
  const cluster = new KubePods(server, clock.now);
  cluster.setCordon(true, 'r1');
  const host = new FakeHost().put('/etc/kubernetes/admin.conf', server.adminConfig);
  const context = fakeContext(host, { clock, timeoutMs: 90_000 });
  return {
    server,
    cluster,
    context,
    async drain(change = {}) {
      const beganMs = clock.boot();
      const args = { ...drainArgs, ...change };
      const check = await drainNode.check(args, context);
      const done = check.kind === 'satisfied' ? check : await drainNode.apply(args, context);
      const outputs = done.outputs ?? {};
      return {
        outputs,
        left: Number(outputs['left']),
        blocking: parseBlockingPods(outputs['blocking'] ?? '') ?? [],
        tookMs: clock.boot() - beganMs,
      };
    },
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
}
