// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface LogsReply {
  /**
   * JSON of LogLine.
   */
  'lines'?: (Buffer | Uint8Array | string)[];
  'next'?: (number | string | Long);
}

export interface LogsReply__Output {
  /**
   * JSON of LogLine.
   */
  'lines': (Buffer)[];
  'next': (number);
}
