// Original file: proto/operator.proto


export interface RetryRequest {
  'node'?: (string);
}

export interface RetryRequest__Output {
  'node': (string);
}
