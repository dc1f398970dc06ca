// Whether a member whose certificate ended while it was away may come back by its key alone: within a
// week of that end, and three times in thirty days. Beyond that an operator has to say so. Pure.
import type { NodeRecord } from '../store/records.ts';

export type ReturnVerdict =
  | { readonly kind: 'may' }
  /** Its certificate still counts: it has to call with that. */
  | { readonly kind: 'early'; readonly untilMs: number }
  | { readonly kind: 'needs-approval'; readonly why: string };

const day = 24 * 3_600_000;
const windowMs = 7 * day;
const countedMs = 30 * day;
const mostReturns = 3;

export function judgeReturn(node: NodeRecord, now: number): ReturnVerdict {
  const { certificate, mayReturnUntilMs = 0 } = node;
  if (certificate !== undefined && now < certificate.notAfterMs) {
    return { kind: 'early', untilMs: certificate.notAfterMs };
  }
  if (now < mayReturnUntilMs) return { kind: 'may' };
  if (certificate === undefined) {
    return needsApproval('it has not called since this coordinator keeps its certificates');
  }
  if (now > certificate.notAfterMs + windowMs) {
    const date = new Date(certificate.notAfterMs).toISOString();
    return needsApproval(`its certificate ended on ${date}, more than 7 days ago`);
  }
  if (countedReturns(node, now).length >= mostReturns) {
    return needsApproval(`it came back ${mostReturns} times within 30 days`);
  }
  return { kind: 'may' };
}

/** Those that still count. */
export const countedReturns = ({ returns = [] }: NodeRecord, now: number): readonly number[] =>
  returns.filter((atMs) => atMs > now - countedMs);

const needsApproval = (why: string): ReturnVerdict => ({ kind: 'needs-approval', why });
