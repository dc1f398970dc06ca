// Original file: proto/enrollment.proto

import type { Long } from '@grpc/proto-loader';

export interface ReturnRequest {
  /**
   * PKCS #10, DER, of the key that the member joined with. Only its public key is used.
   */
  'csr'?: (Buffer | Uint8Array | string);
  'nonce'?: (Buffer | Uint8Array | string);
  /**
   * ECDSA P-256 SHA-256 (IEEE P1363 form) by that key over the nonce and the digest of "muster/return/v1".
   */
  'nonceSignature'?: (Buffer | Uint8Array | string);
  /**
   * Of the certificate that it had.
   */
  'counter'?: (number | string | Long);
}

export interface ReturnRequest__Output {
  /**
   * PKCS #10, DER, of the key that the member joined with. Only its public key is used.
   */
  'csr': (Buffer);
  'nonce': (Buffer);
  /**
   * ECDSA P-256 SHA-256 (IEEE P1363 form) by that key over the nonce and the digest of "muster/return/v1".
   */
  'nonceSignature': (Buffer);
  /**
   * Of the certificate that it had.
   */
  'counter': (number);
}
