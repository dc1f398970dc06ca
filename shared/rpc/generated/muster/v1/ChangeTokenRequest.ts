// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface ChangeTokenRequest {
  'id'?: (string);
  /**
   * revoke or extend
   */
  'action'?: (string);
  'ttlSeconds'?: (number | string | Long);
}

export interface ChangeTokenRequest__Output {
  'id': (string);
  /**
   * revoke or extend
   */
  'action': (string);
  'ttlSeconds': (number);
}
