// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface AddOperatorRequest {
  'name'?: (string);
  /**
   * admin or viewer
   */
  'role'?: (string);
  /**
   * Of the login token; 0: one hour.
   */
  'ttlSeconds'?: (number | string | Long);
  /**
   * Of the certificates; 0: 30 days.
   */
  'certificateTtlSeconds'?: (number | string | Long);
}

export interface AddOperatorRequest__Output {
  'name': (string);
  /**
   * admin or viewer
   */
  'role': (string);
  /**
   * Of the login token; 0: one hour.
   */
  'ttlSeconds': (number);
  /**
   * Of the certificates; 0: 30 days.
   */
  'certificateTtlSeconds': (number);
}
