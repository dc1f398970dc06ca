// A host that asks to join, once it has proven its key: by its signature over our nonce and the digest
// of what it presents. Whether its token lets it in is judged after this.
import { createHash, verify } from 'node:crypto';
import { alphabets, isOf } from '../../shared/alphabets.ts';
import { AppError } from '../../shared/errors.ts';
import type { NodeFacts } from '../../shared/model/facts.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import { quoted } from '../../shared/plain-text.ts';
import { keyOfRequest, nodeIdOf } from '../keys/certificate-request.ts';
import type { JoinDependencies } from './join-dependencies.ts';

export interface JoinClaim {
  /** id.secret */
  readonly credential: string;
  readonly csr: Uint8Array;
  readonly nonce: Uint8Array;
  readonly nonceSignature: Uint8Array;
  /** Empty: the hostname. */
  readonly nodeName: string;
  readonly facts: NodeFacts;
  readonly agentVersion: string;
  /** The caller's address without port. */
  readonly source: string;
}

export interface Applicant extends JoinClaim {
  readonly nodeId: NodeId;
  readonly name: string;
  /** Base64 of the SPKI DER. */
  readonly publicKey: string;
}

const signatureBytes = 64;

/** @throws AppError conflict (nonce), invalid (request, name), unauthenticated (proof). */
export async function provenApplicant(
  deps: Pick<JoinDependencies, 'challenges' | 'limit'>,
  claim: JoinClaim,
): Promise<Applicant> {
  if (!deps.challenges.spend(claim.nonce)) {
    throw new AppError('conflict', 'the challenge was used or is too old: ask for another', {
      retryable: true,
    });
  }
  const { key, spki } = await keyOfRequest(claim.csr);
  const credentialDigest = createHash('sha256').update(claim.credential).digest();
  const message = Buffer.concat([claim.nonce, credentialDigest]);
  const isProven =
    claim.nonceSignature.length === signatureBytes &&
    verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, claim.nonceSignature);
  if (!isProven) {
    deps.limit.failed(claim.source);
    throw new AppError(
      'unauthenticated',
      'the challenge is not signed by the key of the certificate request',
    );
  }
  const name = (claim.nodeName === '' ? claim.facts.hostname : claim.nodeName).toLowerCase();
  if (!isOf('nodeName', name)) {
    throw new AppError(
      'invalid',
      `${quoted(name)} is not ${alphabets.nodeName.what}: set nodeName in /etc/muster/agent.json`,
    );
  }
  return {
    ...claim,
    nodeId: nodeIdOf(spki),
    name,
    publicKey: Buffer.from(spki).toString('base64'),
  };
}
