// Original file: proto/enrollment.proto

import type { Long } from '@grpc/proto-loader';

export interface JoinReply {
  'fleet'?: (string);
  'nodeId'?: (string);
  'cluster'?: (string);
  'pool'?: (string);
  /**
   * DER, leaf then fleet CA.
   */
  'certificateChain'?: (Buffer | Uint8Array | string)[];
  /**
   * JSON of KeySet, the exact bytes whose digest the token carries.
   */
  'keySet'?: (Buffer | Uint8Array | string);
  /**
   * Grows by one at every renewal.
   */
  'counter'?: (number | string | Long);
}

export interface JoinReply__Output {
  'fleet': (string);
  'nodeId': (string);
  'cluster': (string);
  'pool': (string);
  /**
   * DER, leaf then fleet CA.
   */
  'certificateChain': (Buffer)[];
  /**
   * JSON of KeySet, the exact bytes whose digest the token carries.
   */
  'keySet': (Buffer);
  /**
   * Grows by one at every renewal.
   */
  'counter': (number);
}
