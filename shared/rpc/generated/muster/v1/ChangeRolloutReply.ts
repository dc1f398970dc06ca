// Original file: proto/operator.proto


export interface ChangeRolloutReply {
  /**
   * What was done and what it means, a sentence each.
   */
  'messages'?: (string)[];
}

export interface ChangeRolloutReply__Output {
  /**
   * What was done and what it means, a sentence each.
   */
  'messages': (string)[];
}
