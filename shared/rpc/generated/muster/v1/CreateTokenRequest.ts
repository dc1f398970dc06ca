// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface CreateTokenRequest {
  'pool'?: (string);
  'ttlSeconds'?: (number | string | Long);
  /**
   * 0: the free places of the pool, 1 for a pool without size.
   */
  'uses'?: (number | string | Long);
  'nodeName'?: (string);
  'sourceRange'?: (string);
  'standing'?: (boolean);
}

export interface CreateTokenRequest__Output {
  'pool': (string);
  'ttlSeconds': (number);
  /**
   * 0: the free places of the pool, 1 for a pool without size.
   */
  'uses': (number);
  'nodeName': (string);
  'sourceRange': (string);
  'standing': (boolean);
}
