// Original file: proto/operator.proto


export interface RenewOperatorReply {
  /**
   * Leaf, then fleet CA.
   */
  'certificatePem'?: (string);
}

export interface RenewOperatorReply__Output {
  /**
   * Leaf, then fleet CA.
   */
  'certificatePem': (string);
}
