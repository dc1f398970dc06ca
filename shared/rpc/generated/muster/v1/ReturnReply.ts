// Original file: proto/enrollment.proto

import type { Long } from '@grpc/proto-loader';

export interface ReturnReply {
  /**
   * DER, leaf then fleet CA.
   */
  'certificateChain'?: (Buffer | Uint8Array | string)[];
  'counter'?: (number | string | Long);
}

export interface ReturnReply__Output {
  /**
   * DER, leaf then fleet CA.
   */
  'certificateChain': (Buffer)[];
  'counter': (number);
}
