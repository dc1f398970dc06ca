// Original file: proto/fleet.proto

import type { Long } from '@grpc/proto-loader';

export interface ProgressAck {
  'nextOffset'?: (number | string | Long);
}

export interface ProgressAck__Output {
  'nextOffset': (number);
}
