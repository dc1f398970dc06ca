// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface KubeconfigRequest {
  /**
   * PKCS #10, PEM: made by the command line, the key stays there.
   */
  'csrPem'?: (string);
  'user'?: (string);
  'ttlSeconds'?: (number | string | Long);
}

export interface KubeconfigRequest__Output {
  /**
   * PKCS #10, PEM: made by the command line, the key stays there.
   */
  'csrPem': (string);
  'user': (string);
  'ttlSeconds': (number);
}
