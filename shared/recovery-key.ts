// An operator's recovery key: what may be one, and the short name that it is known by. The private half
// is a file that stays with the operator.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { sha256Hex } from './canonical.ts';
import { AppError } from './errors.ts';

/** Of the SPKI: 16 hex digits, as nodes are named by theirs. */
export function fingerprintOf(publicKey: string): string {
  return sha256Hex(Buffer.from(publicKey, 'base64')).slice(0, 16);
}

/** Base64 of the SPKI DER. */
export const publicKeyOf = (key: KeyObject): string =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');

/** @throws AppError invalid, when it is no public key on the curve P-256 */
export function checkRecoveryKey(publicKey: string): void {
  let curve: string | undefined;
  try {
    const key = createPublicKey({
      key: Buffer.from(publicKey, 'base64'),
      format: 'der',
      type: 'spki',
    });
    curve = key.asymmetricKeyDetails?.namedCurve;
  } catch (cause) {
    throw new AppError('invalid', 'the recovery key is no public key', { cause });
  }
  if (curve === 'prime256v1') return;
  throw new AppError('invalid', 'the recovery key is not on the curve P-256');
}
