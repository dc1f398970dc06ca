// Original file: proto/enrollment.proto


export interface LoginRequest {
  /**
   * id.secret only: the pin stays with the operator.
   */
  'token'?: (string);
  /**
   * PKCS #10, DER. Only its public key is used.
   */
  'csr'?: (Buffer | Uint8Array | string);
}

export interface LoginRequest__Output {
  /**
   * id.secret only: the pin stays with the operator.
   */
  'token': (string);
  /**
   * PKCS #10, DER. Only its public key is used.
   */
  'csr': (Buffer);
}
