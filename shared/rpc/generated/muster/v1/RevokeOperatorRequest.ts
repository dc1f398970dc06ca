// Original file: proto/operator.proto


export interface RevokeOperatorRequest {
  'name'?: (string);
}

export interface RevokeOperatorRequest__Output {
  'name': (string);
}
