// The order of plans: (epoch, sequence), compared as a pair. What was accepted never goes down. Pure.
import type { Lane } from '../../shared/model/plan.ts';

export interface AcceptedPair {
  readonly epoch: number;
  readonly sequence: number;
  /** SHA-256 of the plan's payload. */
  readonly digest: string;
}

export type AcceptedPairs = Readonly<Record<Lane, AcceptedPair | null>>;

export const noPairs: AcceptedPairs = { host: null, cluster: null };

type Order = Pick<AcceptedPair, 'epoch' | 'sequence'>;

/** Negative when `a` comes before `b`, 0 when they are equal. */
export function compareOrder(a: Order, b: Order): number {
  return a.epoch - b.epoch || a.sequence - b.sequence;
}
