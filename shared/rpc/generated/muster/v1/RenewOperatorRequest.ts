// Original file: proto/operator.proto


export interface RenewOperatorRequest {
  /**
   * PKCS #10, DER, of the key that the caller's certificate is for.
   */
  'csr'?: (Buffer | Uint8Array | string);
}

export interface RenewOperatorRequest__Output {
  /**
   * PKCS #10, DER, of the key that the caller's certificate is for.
   */
  'csr': (Buffer);
}
