// Original file: proto/operator.proto


export interface ExplainReply {
  /**
   * JSON of Wait.
   */
  'waits'?: (Buffer | Uint8Array | string)[];
}

export interface ExplainReply__Output {
  /**
   * JSON of Wait.
   */
  'waits': (Buffer)[];
}
