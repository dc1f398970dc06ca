// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface JoinMaterialReply {
  'text'?: (string);
  'tokenId'?: (string);
  'uses'?: (number | string | Long);
  'expiresMs'?: (number | string | Long);
}

export interface JoinMaterialReply__Output {
  'text': (string);
  'tokenId': (string);
  'uses': (number);
  'expiresMs': (number);
}
