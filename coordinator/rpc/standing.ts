// Whose connection it is, as far as its certificate says: this chooses the room and its limits, and
// lets nobody do anything. Who may make a call is judged at that call (peer.ts and the guards).
import { X509Certificate } from 'node:crypto';
import { NODE_UNIT, OPERATOR_UNIT } from '../keys/keys.ts';
import { parseSubject } from './peer.ts';

export interface Standing {
  readonly kind: 'stranger' | 'node' | 'operator';
  /** Under which its connections are counted. */
  readonly name: string;
}

const stranger: Standing = { kind: 'stranger', name: '' };

/** @param certificate DER of one whose chain verified against our CA; null when there is none. */
export function standingOf(certificate: Buffer | null): Standing {
  if (certificate === null) return stranger;
  const subject = parseSubject(new X509Certificate(certificate).subject);
  const name = subject.get('CN') ?? '';
  const unit = subject.get('OU');
  if (unit === NODE_UNIT) return { kind: 'node', name };
  return unit === OPERATOR_UNIT ? { kind: 'operator', name } : stranger;
}
