// Original file: proto/operator.proto


export interface ExplainRequest {
  'node'?: (string);
}

export interface ExplainRequest__Output {
  'node': (string);
}
