// The pods of a host as a drain sees them: which are left alone, which end already, and which may be
// told to. The same are left alone as by kubectl: pods of DaemonSets, which would come again at once,
// mirrors of static pods, which only the kubelet can end, and pods that have finished.
import type { DrainWhy } from '../../shared/model/drain.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { at, listAt, numberAt, textAt } from './kube-object.ts';
import { accepted } from './kube-session.ts';

const pageSize = 250;
/** No host runs more; a server that never ends its list is not asked for ever. */
const mostPages = 40;

export interface PodSeen {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  /** Null: it may go now. */
  readonly why: Exclude<DrainWhy, 'budget' | 'not-evicted' | 'waiting'> | null;
  readonly message: string;
}

/** Those that keep the host from being empty. @throws AppError */
export async function podsInTheWay(
  api: KubeApi,
  args: StepArgs['drain-node'],
  nowMs: number,
): Promise<readonly PodSeen[]> {
  const pods = await listPods(api, args.node);
  return pods.filter((pod) => !isLeftAlone(pod)).map((pod) => seen(pod, args, nowMs));
}

async function listPods(api: KubeApi, node: string): Promise<readonly unknown[]> {
  const pods: unknown[] = [];
  let next = '';
  for (let page = 0; page < mostPages; page += 1) {
    const query = new URLSearchParams({
      fieldSelector: `spec.nodeName=${node}`,
      limit: String(pageSize),
      ...(next === '' ? {} : { continue: next }),
    });
    const answer = await api.request('GET', `/api/v1/pods?${query.toString()}`);
    const body = accepted(`pods of ${node}`, answer);
    pods.push(...listAt(body, 'items'));
    next = textAt(body, 'metadata', 'continue');
    if (next === '') break;
  }
  return pods;
}

function isLeftAlone(pod: unknown): boolean {
  const isMirror = at(pod, 'metadata', 'annotations', 'kubernetes.io/config.mirror') !== undefined;
  const controller = controllerOf(pod);
  const isOfDaemonSet =
    textAt(controller, 'kind') === 'DaemonSet' &&
    textAt(controller, 'apiVersion').startsWith('apps/');
  // One that was told to end is waited for whatever it is: it may be held by a finalizer.
  const isFinished =
    ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase')) && !isEnding(pod);
  return isMirror || isOfDaemonSet || isFinished;
}

const isEnding = (pod: unknown): boolean => textAt(pod, 'metadata', 'deletionTimestamp') !== '';

const controllerOf = (pod: unknown): unknown =>
  listAt(pod, 'metadata', 'ownerReferences').find((owner) => at(owner, 'controller') === true);

function seen(pod: unknown, args: StepArgs['drain-node'], nowMs: number): PodSeen {
  return {
    namespace: textAt(pod, 'metadata', 'namespace'),
    pod: textAt(pod, 'metadata', 'name'),
    uid: textAt(pod, 'metadata', 'uid'),
    ...holdOf(pod, args, nowMs),
  };
}

function holdOf(
  pod: unknown,
  args: StepArgs['drain-node'],
  nowMs: number,
): Pick<PodSeen, 'why' | 'message'> {
  if (isEnding(pod)) {
    const finalizers = listAt(pod, 'metadata', 'finalizers').map(String);
    // The time of a deletion is the one by which it should be over.
    const endsAtMs = Date.parse(textAt(pod, 'metadata', 'deletionTimestamp'));
    const grace = numberAt(pod, 'metadata', 'deletionGracePeriodSeconds');
    if (finalizers.length > 0 && nowMs >= endsAtMs) {
      return { why: 'finalizers', message: finalizers.join(', ') };
    }
    return { why: 'terminating', message: `it has ${grace} s to end` };
  }
  const isUnmanaged = controllerOf(pod) === undefined;
  if (isUnmanaged && !args.evictUnmanaged) return { why: 'unmanaged', message: '' };
  const hasData = listAt(pod, 'spec', 'volumes').some(
    (volume) => at(volume, 'emptyDir') !== undefined,
  );
  if (hasData && !args.deleteEmptyDirData) return { why: 'empty-dir', message: '' };
  return { why: null, message: '' };
}
