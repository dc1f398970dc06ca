// Original file: proto/fleet.proto

import type { Long } from '@grpc/proto-loader';

export interface RenewRequest {
  'csr'?: (Buffer | Uint8Array | string);
  'counter'?: (number | string | Long);
}

export interface RenewRequest__Output {
  'csr': (Buffer);
  'counter': (number);
}
