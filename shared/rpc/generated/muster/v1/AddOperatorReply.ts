// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface AddOperatorReply {
  /**
   * id.secret.pin: shown once.
   */
  'token'?: (string);
  'expiresMs'?: (number | string | Long);
  /**
   * Where the operator logs in: host:port, the first is tried first.
   */
  'addresses'?: (string)[];
}

export interface AddOperatorReply__Output {
  /**
   * id.secret.pin: shown once.
   */
  'token': (string);
  'expiresMs': (number);
  /**
   * Where the operator logs in: host:port, the first is tried first.
   */
  'addresses': (string)[];
}
