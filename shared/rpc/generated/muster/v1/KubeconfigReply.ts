// Original file: proto/operator.proto


export interface KubeconfigReply {
  'pending'?: (boolean);
  'certificatePem'?: (string);
  'caPem'?: (string);
  /**
   * One per master.
   */
  'servers'?: (string)[];
  'cluster'?: (string);
  'waitsFor'?: (string);
}

export interface KubeconfigReply__Output {
  'pending': (boolean);
  'certificatePem': (string);
  'caPem': (string);
  /**
   * One per master.
   */
  'servers': (string)[];
  'cluster': (string);
  'waitsFor': (string);
}
