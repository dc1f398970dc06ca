// Original file: proto/operator.proto


export interface CordonNodeReply {
  /**
   * pending, done, failed, overdue
   */
  'state'?: (string);
  /**
   * What it waits for, or what has come of it; the first line tells it, the others who is in the way.
   */
  'lines'?: (string)[];
}

export interface CordonNodeReply__Output {
  /**
   * pending, done, failed, overdue
   */
  'state': (string);
  /**
   * What it waits for, or what has come of it; the first line tells it, the others who is in the way.
   */
  'lines': (string)[];
}
