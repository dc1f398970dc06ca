// What holds a pod on a host that is drained, in words: one place for the agent that meets it and for
// the operator who reads it.
import type { BlockingPod } from './model/drain.ts';

/** One clause: "pod shop/web-1, held by PodDisruptionBudget web (it needs …)". */
export function describeBlockingPod(blocking: BlockingPod): string {
  return `pod ${blocking.namespace}/${blocking.pod}, ${holdOf(blocking)}`;
}

function holdOf({ why, budget, message }: BlockingPod): string {
  const added = message === '' ? '' : ` (${message})`;
  switch (why) {
    case 'budget':
      return `held by PodDisruptionBudget ${budget ?? 'of an unknown name'}${added}`;
    case 'terminating':
      return `which is ending${added}`;
    case 'finalizers':
      return `which has ended and is kept by its finalizers${added}`;
    case 'unmanaged':
      return 'which no controller would make again (--force evicts it)';
    case 'empty-dir':
      return 'whose emptyDir data would be lost (--delete-emptydir-data allows it)';
    case 'not-evicted':
      return `which could not be evicted yet${added}`;
    case 'waiting':
      return 'which is evicted next';
  }
}

/** The first few, and how many more there are. @param left pods that are left in all */
export function describeBlocking(list: readonly BlockingPod[], left: number): string {
  const named = list.slice(0, namedAtOnce).map(describeBlockingPod);
  const others = left - named.length;
  if (named.length === 0) return `${left} pods`;
  return others > 0 ? `${named.join('; ')}; and ${others} more` : named.join('; ');
}

const namedAtOnce = 3;
