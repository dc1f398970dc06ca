// What a request for the next certificate says about its sender. A counter goes up with every certificate,
// and the next one counts from the first call under it; until then the same request is answered with the
// same bytes, so a lost reply locks nobody out. Whoever is behind, or ahead of what was ever given out,
// is one of two copies. Pure.
import type { PendingRenewal } from '../store/identity-record.ts';
import type { NodeRecord } from '../store/records.ts';

export interface RenewalClaim {
  /** The counter of the certificate that it has. */
  readonly told: number;
  readonly requestSha256: string;
  /** When the certificate that it calls with begins; null when it has none that counts any more. */
  readonly presentedFromMs: number | null;
  readonly now: number;
}

export type RenewalVerdict =
  | { readonly kind: 'repeat'; readonly renewal: PendingRenewal }
  /** A new certificate for a host that has `told`. */
  | { readonly kind: 'issue'; readonly told: number }
  | { readonly kind: 'copy'; readonly what: string };

/** Further ahead than a store that was put back from a copy can be behind. */
const mostAhead = 1000;
/** No host lives that long: a number above it was made up. */
const highestCounter = 2 ** 40;

export function judgeRenewal(node: NodeRecord, claim: RenewalClaim): RenewalVerdict {
  const { counter, renewal } = node;
  const { told, now } = claim;
  if (told > highestCounter) return copy(`tells the counter ${told}, which nobody was given`);
  if (node.takesNextCounter === true) return { kind: 'issue', told };
  if (told === counter && renewal?.counter === told + 1) {
    // One that ended before anybody called under it is as good as never issued.
    if (renewal.notAfterMs <= now) return { kind: 'issue', told };
    if (renewal.requestSha256 === claim.requestSha256) return { kind: 'repeat', renewal };
    return copy(`asked with two requests for the certificate after its number ${told}`);
  }
  if (told === counter) return { kind: 'issue', told };
  if (told < counter) {
    return copy(`asked for the certificate after its number ${told} and has had number ${counter}`);
  }
  return isLater(node, claim) && told <= counter + mostAhead
    ? { kind: 'issue', told }
    : copy(`tells the counter ${told} and was given none above ${counter}`);
}

/** It calls with a certificate of ours that is newer than any we remember: we are the ones behind. */
const isLater = ({ certificate }: NodeRecord, { presentedFromMs }: RenewalClaim): boolean =>
  certificate === undefined ||
  (presentedFromMs !== null && presentedFromMs > certificate.notBeforeMs);

const copy = (what: string): RenewalVerdict => ({ kind: 'copy', what });

/** The record once somebody has called under the certificate that was on its way; null: it was not that one. */
export function acknowledged(node: NodeRecord, leafSha256: string): NodeRecord | null {
  if (node.renewal?.leafSha256 !== leafSha256) return null;
  const { renewal, mayReturnUntilMs: _, ...rest } = node;
  const { notBeforeMs, notAfterMs, from, counter } = renewal;
  return { ...rest, counter, certificate: { notBeforeMs, notAfterMs, from } };
}
