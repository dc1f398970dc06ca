// Original file: proto/operator.proto


export interface SetRecoveryKeyReply {
  'fingerprint'?: (string);
  'cluster'?: (string);
}

export interface SetRecoveryKeyReply__Output {
  'fingerprint': (string);
  'cluster': (string);
}
