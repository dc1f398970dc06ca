// Original file: proto/enrollment.proto


export interface LoginReply {
  'fleet'?: (string);
  'operator'?: (string);
  /**
   * admin or viewer
   */
  'role'?: (string);
  /**
   * Leaf, then fleet CA.
   */
  'certificatePem'?: (string);
}

export interface LoginReply__Output {
  'fleet': (string);
  'operator': (string);
  /**
   * admin or viewer
   */
  'role': (string);
  /**
   * Leaf, then fleet CA.
   */
  'certificatePem': (string);
}
