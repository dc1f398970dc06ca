// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchRequest {
  'revision'?: (number | string | Long);
}

export interface WatchRequest__Output {
  'revision': (number);
}
