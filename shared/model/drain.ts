// What a drain tells: the pods that are left on a host and what holds each of them. It is written by
// the step, judged at the coordinator's door and shown to operators, so it is made of names of
// Kubernetes, of words of our own, and of short texts that are safe to show.
import { isOf } from '../alphabets.ts';
import { displayText } from '../plain-text.ts';

/** The owner of what an operator cordons; every other owner is a rollout. */
export const CORDON_OPERATOR = 'operator';

export const drainWhys = [
  /** A PodDisruptionBudget does not allow it now: `budget` and `message`. */
  'budget',
  /** It was told to end, and has its grace period. */
  'terminating',
  /** It was told to end, its time is over, and these finalizers keep it: `message`. */
  'finalizers',
  /** No controller would make it again; evicted only on demand. */
  'unmanaged',
  /** Its emptyDir volumes would be lost; evicted only on demand. */
  'empty-dir',
  /** The API server refused it in another way: `message`. */
  'not-evicted',
  /** Nothing was tried yet. */
  'waiting',
] as const;
export type DrainWhy = (typeof drainWhys)[number];

export interface BlockingPod {
  readonly namespace: string;
  readonly pod: string;
  readonly why: DrainWhy;
  /** Name of the PodDisruptionBudget, in the pod's namespace; null where none is known. */
  readonly budget: string | null;
  /** One line, empty when there is nothing to add. */
  readonly message: string;
}

/** Of a pod that holds, what the API server says is cut here. */
export const longestDrainMessage = 200;
/** Named at most; how many are left is told beside it. */
export const mostBlockingPods = 20;

/** What ends only when somebody does something about it comes first. */
export const drainUrgency: Readonly<Record<DrainWhy, number>> = {
  budget: 0,
  finalizers: 1,
  unmanaged: 2,
  'empty-dir': 3,
  'not-evicted': 4,
  terminating: 5,
  waiting: 6,
};

/** The list as it is stored and read; null when it is not one. */
export function parseBlockingPods(text: string): readonly BlockingPod[] | null {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(list) || list.length > mostBlockingPods) return null;
  const pods = list.map(parsePod);
  return pods.includes(null) ? null : (pods as readonly BlockingPod[]);
}

function parsePod(value: unknown): BlockingPod | null {
  if (typeof value !== 'object' || value === null) return null;
  const { namespace, pod, why, budget, message } = value as Partial<Record<string, unknown>>;
  const known = drainWhys.find((one) => one === why);
  if (known === undefined || !isName(namespace) || !isName(pod)) return null;
  if (budget !== null && !isName(budget)) return null;
  if (typeof message !== 'string') return null;
  return { namespace, pod, why: known, budget, message: displayText(message, longestDrainMessage) };
}

const isName = (value: unknown): value is string =>
  typeof value === 'string' && isOf('dnsName', value);
