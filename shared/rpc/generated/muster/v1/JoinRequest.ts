// Original file: proto/enrollment.proto


export interface JoinRequest {
  /**
   * id.secret only: the pin and the key-set digest stay on the host.
   */
  'token'?: (string);
  /**
   * PKCS #10, DER. Only its public key is used.
   */
  'csr'?: (Buffer | Uint8Array | string);
  'nonce'?: (Buffer | Uint8Array | string);
  /**
   * ECDSA P-256 SHA-256 (IEEE P1363 form) by the CSR's key over the nonce and the digest of the token.
   */
  'nonceSignature'?: (Buffer | Uint8Array | string);
  'nodeName'?: (string);
  'agentVersion'?: (string);
  /**
   * JSON of NodeFacts.
   */
  'facts'?: (Buffer | Uint8Array | string);
}

export interface JoinRequest__Output {
  /**
   * id.secret only: the pin and the key-set digest stay on the host.
   */
  'token': (string);
  /**
   * PKCS #10, DER. Only its public key is used.
   */
  'csr': (Buffer);
  'nonce': (Buffer);
  /**
   * ECDSA P-256 SHA-256 (IEEE P1363 form) by the CSR's key over the nonce and the digest of the token.
   */
  'nonceSignature': (Buffer);
  'nodeName': (string);
  'agentVersion': (string);
  /**
   * JSON of NodeFacts.
   */
  'facts': (Buffer);
}
