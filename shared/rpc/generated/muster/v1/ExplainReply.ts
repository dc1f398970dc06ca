// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface ExplainReply {
  /**
   * JSON of ExplainLine: what waits, and what is wrong.
   */
  'waits'?: (Buffer | Uint8Array | string)[];
  /**
   * The hosts it is about, and how many of them were measured within the last minute.
   */
  'hosts'?: (number);
  'measured'?: (number);
  /**
   * The age of the oldest of these measurements.
   */
  'oldestMs'?: (number | string | Long);
}

export interface ExplainReply__Output {
  /**
   * JSON of ExplainLine: what waits, and what is wrong.
   */
  'waits': (Buffer)[];
  /**
   * The hosts it is about, and how many of them were measured within the last minute.
   */
  'hosts': (number);
  'measured': (number);
  /**
   * The age of the oldest of these measurements.
   */
  'oldestMs': (number);
}
