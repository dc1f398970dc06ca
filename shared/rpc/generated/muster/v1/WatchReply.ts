// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchReply {
  'revision'?: (number | string | Long);
}

export interface WatchReply__Output {
  'revision': (number);
}
