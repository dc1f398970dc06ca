// Empties a cordoned host of pods, as far as that goes now: evicts what may go, waits a little, and ends
// well with what is left and what holds it. The coordinator asks again, of any master; nothing is
// remembered between two times but what stands in the cluster.
//
// INVARIANT: no pod is told to end on a Node that takes pods. Whoever made it schedulable again (an
// operator, the end of a rollout while this agent stood still) has ended the drain.
import { describeBlocking } from '../../shared/drain-words.ts';
import { toAppError } from '../../shared/errors.ts';
import { inParallel } from '../../shared/in-parallel.ts';
import { type BlockingPod, drainUrgency, mostBlockingPods } from '../../shared/model/drain.ts';
import type { StepOutputs } from '../../shared/model/progress.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { cordonOf } from './cordon-mark.ts';
import { evictPod, type Hold } from './evict-pod.ts';
import { lookPatiently, withAdminApi } from './kube-session.ts';
import { ownNode } from './own-node.ts';
import { type PodSeen, podsInTheWay } from './pods-of-node.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

type Args = StepArgs['drain-node'];

const everyMs = 1_000;
/** A budget that has just said no is not asked at every look. */
const askAgainMs = 5_000;
const atOnce = 16;
/** Left of the step's time for the answers of the last round. */
const reserveMs = 30_000;

export const drainNode: StepRunner<'drain-node'> = {
  kind: 'drain-node',
  title: ({ node }) => `drain ${node}`,

  async check(args, context) {
    const look = await withAdminApi(
      context,
      async (api) => await lookPatiently(context, async () => await lookAt(api, args, context)),
    );
    const { cordoned, pods } = look;
    if (cordoned === 'yes' && pods.length > 0) {
      return { kind: 'needed', why: `${pods.length} pods are on it` };
    }
    return { kind: 'satisfied', ...told({ cordoned, left: named(pods, new Map()) }, args) };
  },

  apply: async (args, context) =>
    told(await withAdminApi(context, async (api) => await drain(api, args, context)), args),

  // apply tells what is left: that some is, is for the coordinator to judge.
  verify: async () => {},
};

interface Look {
  /** no: it takes pods. gone: the cluster has no such Node of this machine. */
  readonly cordoned: 'yes' | 'no' | 'gone';
  readonly pods: readonly PodSeen[];
}

async function lookAt(api: KubeApi, args: Args, { clock }: StepContext): Promise<Look> {
  const node = await ownNode(api, args);
  if (node === null) return { cordoned: 'gone', pods: [] };
  const cordoned = cordonOf(node).isCordoned ? 'yes' : 'no';
  return { cordoned, pods: await podsInTheWay(api, args, clock.now()) };
}

interface Result {
  readonly cordoned: Look['cordoned'];
  /** What needs somebody first. */
  readonly left: readonly BlockingPod[];
}

/** What the API server said of a pod, by its uid. */
type Holds = Map<string, { readonly hold: Hold | null; readonly askAgainBootMs: number }>;

async function drain(api: KubeApi, args: Args, context: StepContext): Promise<Result> {
  const { clock, signal, progress } = context;
  const waitMs = Math.max(0, Math.min(args.waitSeconds * 1_000, context.timeoutMs - reserveMs));
  const endsBootMs = clock.boot() + waitMs;
  const holds: Holds = new Map();
  let last: Result | null = null;
  let said = '';
  for (;;) {
    signal.throwIfAborted();
    const isLast = clock.boot() >= endsBootMs;
    try {
      last = await oneRound(api, args, { context, holds });
      if (isOver(last)) return last;
    } catch (thrown) {
      // An API server that is away for a moment; what was seen before still says what is left.
      if (!toAppError(thrown).retryable || (isLast && last === null)) throw thrown;
    }
    if (isLast && last !== null) return last;
    const sentence = last === null ? '' : describeBlocking(last.left, last.left.length);
    if (sentence !== '' && sentence !== said) progress(`waits: ${sentence}`);
    said = sentence;
    await clock.sleep(everyMs, signal);
  }
}

/** Nothing is left, or nothing of what is left moves by itself. */
const isOver = ({ cordoned, left }: Result): boolean =>
  cordoned !== 'yes' || left.every(({ why }) => why === 'unmanaged' || why === 'empty-dir');

async function oneRound(
  api: KubeApi,
  args: Args,
  { context, holds }: { readonly context: StepContext; readonly holds: Holds },
): Promise<Result> {
  const { clock } = context;
  const { cordoned, pods } = await lookAt(api, args, context);
  if (cordoned !== 'yes') return { cordoned, left: named(pods, holds) };
  const due = pods.filter(({ why, uid }) => {
    return why === null && (holds.get(uid)?.askAgainBootMs ?? 0) <= clock.boot();
  });
  await inParallel(due, atOnce, async (pod) => {
    const hold = await evictPod(api, pod, args);
    holds.set(pod.uid, { hold, askAgainBootMs: clock.boot() + askAgainMs });
  });
  return { cordoned, left: named(pods, holds) };
}

function named(pods: readonly PodSeen[], holds: Holds): readonly BlockingPod[] {
  return pods
    .map(({ namespace, pod, uid, why, message }) => {
      if (why !== null) return { namespace, pod, why, budget: null, message };
      const told = holds.get(uid);
      if (told === undefined) {
        return { namespace, pod, why: 'waiting', budget: null, message: '' } as const;
      }
      const ends = { why: 'terminating', budget: null, message: '' } as const;
      return { namespace, pod, ...(told.hold ?? ends) };
    })
    .toSorted((a, b) => drainUrgency[a.why] - drainUrgency[b.why]);
}

function told(
  { cordoned, left }: Result,
  { node }: Args,
): { readonly outputs: StepOutputs; readonly note: string } {
  const blocking = JSON.stringify(left.slice(0, mostBlockingPods));
  const outputs = { left: String(left.length), blocking, cordoned };
  if (cordoned === 'gone') return { outputs, note: `${node} is not in the cluster` };
  if (cordoned === 'no') return { outputs, note: `${node} takes pods: nothing was evicted` };
  if (left.length === 0) return { outputs, note: `no pod is left on ${node}` };
  return { outputs, note: `left on ${node}: ${describeBlocking(left, left.length)}` };
}
