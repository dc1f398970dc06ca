// Original file: proto/fleet.proto


export interface CertificateRequest {
  'planId'?: (string);
  'stepId'?: (string);
  'profile'?: (string);
  /**
   * PKCS #10, DER. Only its public key is used.
   */
  'csr'?: (Buffer | Uint8Array | string);
}

export interface CertificateRequest__Output {
  'planId': (string);
  'stepId': (string);
  'profile': (string);
  /**
   * PKCS #10, DER. Only its public key is used.
   */
  'csr': (Buffer);
}
