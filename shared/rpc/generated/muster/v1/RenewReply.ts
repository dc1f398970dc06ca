// Original file: proto/fleet.proto

import type { Long } from '@grpc/proto-loader';

export interface RenewReply {
  'certificateChain'?: (Buffer | Uint8Array | string)[];
  'counter'?: (number | string | Long);
}

export interface RenewReply__Output {
  'certificateChain': (Buffer)[];
  'counter': (number);
}
