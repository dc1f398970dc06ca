// Original file: proto/fleet.proto


export interface FactsAck {
  'digest'?: (string);
}

export interface FactsAck__Output {
  'digest': (string);
}
