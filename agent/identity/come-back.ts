// Comes back to the fleet after the certificate has ended: by the node's own key and a challenge, without a
// token and without touching anything else on the host. Whether it may is the coordinator's to say.
import { createHash, sign } from 'node:crypto';
import { AppError, isAbort, toAppError } from '../../shared/errors.ts';
import type { Identity } from './identity.ts';
import type { Enrollment } from './join.ts';

export interface RenewalAnswer {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly counter: number;
}

/** @throws AppError as the coordinator gives it */
export type ComeBack = (
  identity: Identity,
  csr: Uint8Array,
  signal: AbortSignal,
) => Promise<RenewalAnswer>;

export interface ComeBackOptions {
  /** host:port, tried in turn. */
  readonly coordinators: readonly string[];
  readonly openEnrollment: (address: string, caPem: string) => Enrollment;
}

/** In the place of a token's digest, so that no proof is good for two things. */
const purpose = createHash('sha256').update('muster/return/v1').digest();

export function createComeBack({ coordinators, openEnrollment }: ComeBackOptions): ComeBack {
  return async (identity, csr, signal) => {
    let failure = new AppError('usage', 'no coordinator address is configured');
    for (const address of coordinators) {
      const enrollment = openEnrollment(address, identity.caPem);
      try {
        return await ask(enrollment, { identity, csr, signal });
      } catch (thrown) {
        if (isAbort(thrown)) throw thrown;
        failure = toAppError(thrown);
        if (failure.code !== 'unavailable') throw failure;
      } finally {
        enrollment.close();
      }
    }
    throw failure;
  };
}

interface Asking {
  readonly identity: Identity;
  readonly csr: Uint8Array;
  readonly signal: AbortSignal;
}

async function ask(
  enrollment: Enrollment,
  { identity, csr, signal }: Asking,
): Promise<RenewalAnswer> {
  const { nonce } = await enrollment.getChallenge(signal);
  const message = Buffer.concat([nonce, purpose]);
  const key = { key: identity.nodeKey.key, dsaEncoding: 'ieee-p1363' } as const;
  const nonceSignature = sign('sha256', message, key);
  const { counter } = identity;
  return await enrollment.comeBack({ csr, nonce, nonceSignature, counter }, signal);
}
