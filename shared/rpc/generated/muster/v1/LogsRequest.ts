// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface LogsRequest {
  /**
   * A node's name, a plan's id or plan/step.
   */
  'subject'?: (string);
  'after'?: (number | string | Long);
  'follow'?: (boolean);
}

export interface LogsRequest__Output {
  /**
   * A node's name, a plan's id or plan/step.
   */
  'subject': (string);
  'after': (number);
  'follow': (boolean);
}
