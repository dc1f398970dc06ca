// Original file: proto/operator.proto


export interface ChangeRolloutRequest {
  /**
   * pause, resume, abort or retry
   */
  'action'?: (string);
  /**
   * For retry: the one host that is tried again; empty: all of them.
   */
  'node'?: (string);
}

export interface ChangeRolloutRequest__Output {
  /**
   * pause, resume, abort or retry
   */
  'action': (string);
  /**
   * For retry: the one host that is tried again; empty: all of them.
   */
  'node': (string);
}
