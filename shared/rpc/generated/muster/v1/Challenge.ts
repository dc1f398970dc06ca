// Original file: proto/enrollment.proto

import type { Long } from '@grpc/proto-loader';

export interface Challenge {
  /**
   * Random, usable once, for two minutes.
   */
  'nonce'?: (Buffer | Uint8Array | string);
  /**
   * The coordinator's time, milliseconds since 1970.
   */
  'timeMs'?: (number | string | Long);
}

export interface Challenge__Output {
  /**
   * Random, usable once, for two minutes.
   */
  'nonce': (Buffer);
  /**
   * The coordinator's time, milliseconds since 1970.
   */
  'timeMs': (number);
}
