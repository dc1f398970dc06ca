// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface GetReply {
  'documents'?: (Buffer | Uint8Array | string)[];
  'revision'?: (number | string | Long);
}

export interface GetReply__Output {
  'documents': (Buffer)[];
  'revision': (number);
}
