// Original file: proto/operator.proto


export interface SmokeTestReply {
  'pending'?: (boolean);
  'passed'?: (boolean);
  'lines'?: (string)[];
}

export interface SmokeTestReply__Output {
  'pending': (boolean);
  'passed': (boolean);
  'lines': (string)[];
}
