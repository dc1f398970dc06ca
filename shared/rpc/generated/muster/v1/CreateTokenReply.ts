// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface CreateTokenReply {
  /**
   * id.secret.pin.keyset: shown once.
   */
  'token'?: (string);
  'id'?: (string);
  'uses'?: (number | string | Long);
  'expiresMs'?: (number | string | Long);
}

export interface CreateTokenReply__Output {
  /**
   * id.secret.pin.keyset: shown once.
   */
  'token': (string);
  'id': (string);
  'uses': (number);
  'expiresMs': (number);
}
