// Original file: proto/operator.proto


export interface EtcdTaskReply {
  'pending'?: (boolean);
  'done'?: (boolean);
  /**
   * While pending, what it waits for; then what was done, or why it was not.
   */
  'lines'?: (string)[];
}

export interface EtcdTaskReply__Output {
  'pending': (boolean);
  'done': (boolean);
  /**
   * While pending, what it waits for; then what was done, or why it was not.
   */
  'lines': (string)[];
}
