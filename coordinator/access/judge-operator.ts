// Whether a certificate is an operator's today. The record is read at every call, so that a revoked
// operator is nobody from the next call on, whatever its certificate says until when. Pure.
import type { OperatorRecord, OperatorRole } from '../store/records.ts';

/** What the certificate says. */
export interface OperatorClaim {
  readonly name: string;
  readonly role: OperatorRole;
  readonly publicKey: string;
}

export type OperatorVerdict =
  | { readonly kind: 'active'; readonly role: OperatorRole }
  | { readonly kind: 'refused'; readonly why: string };

export function judgeOperator(
  record: OperatorRecord | null,
  claim: OperatorClaim,
): OperatorVerdict {
  if (record === null) return refused(`there is no operator ${claim.name} here`);
  if (record.state !== 'active') return refused(`operator ${claim.name} was revoked`);
  if (record.publicKey !== claim.publicKey) {
    return refused(`operator ${claim.name} logged in with another key since`);
  }
  // Certificates are made from the record: only an operator whose role was changed by hand differs.
  if (record.role !== claim.role) {
    return refused(
      `operator ${claim.name} is a ${record.role}, the certificate says ${claim.role}`,
    );
  }
  return { kind: 'active', role: record.role };
}

const refused = (why: string): OperatorVerdict => ({ kind: 'refused', why });
