// Original file: proto/operator.proto


export interface SetRecoveryKeyRequest {
  /**
   * Base64 of the SPKI DER of a P-256 key.
   */
  'publicKey'?: (string);
  /**
   * Also where there is another one.
   */
  'replace'?: (boolean);
}

export interface SetRecoveryKeyRequest__Output {
  /**
   * Base64 of the SPKI DER of a P-256 key.
   */
  'publicKey': (string);
  /**
   * Also where there is another one.
   */
  'replace': (boolean);
}
