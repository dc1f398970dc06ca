// Original file: proto/operator.proto


export interface ChangeNodeReply {
  /**
   * What was done and what it means, a sentence each.
   */
  'messages'?: (string)[];
}

export interface ChangeNodeReply__Output {
  /**
   * What was done and what it means, a sentence each.
   */
  'messages': (string)[];
}
