// Original file: proto/operator.proto


export interface ApplyReply {
  /**
   * created, changed, unchanged
   */
  'result'?: (string);
  'messages'?: (string)[];
}

export interface ApplyReply__Output {
  /**
   * created, changed, unchanged
   */
  'result': (string);
  'messages': (string)[];
}
