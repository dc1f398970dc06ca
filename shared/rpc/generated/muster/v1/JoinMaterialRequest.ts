// Original file: proto/operator.proto

import type { CreateTokenRequest as _muster_v1_CreateTokenRequest, CreateTokenRequest__Output as _muster_v1_CreateTokenRequest__Output } from '../../muster/v1/CreateTokenRequest.ts';

export interface JoinMaterialRequest {
  'token'?: (_muster_v1_CreateTokenRequest | null);
  /**
   * shell or cloud-init
   */
  'format'?: (string);
}

export interface JoinMaterialRequest__Output {
  'token': (_muster_v1_CreateTokenRequest__Output | null);
  /**
   * shell or cloud-init
   */
  'format': (string);
}
