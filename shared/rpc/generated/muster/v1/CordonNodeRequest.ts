// Original file: proto/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface CordonNodeRequest {
  /**
   * Names one request, so that asking again is the same request.
   */
  'requestId'?: (string);
  /**
   * cordon, drain, uncordon
   */
  'action'?: (string);
  'name'?: (string);
  /**
   * What the caller has been told: it is answered as soon as there is something else to tell.
   */
  'known'?: (string);
  /**
   * The rest is of drain.
   */
  'timeoutSeconds'?: (number | string | Long);
  /**
   * Instead of each pod's own.
   */
  'hasGrace'?: (boolean);
  'graceSeconds'?: (number | string | Long);
  'deleteEmptyDirData'?: (boolean);
  /**
   * Pods that no controller makes again.
   */
  'evictUnmanaged'?: (boolean);
  /**
   * Pods are deleted, and no disruption budget is asked.
   */
  'disableEviction'?: (boolean);
}

export interface CordonNodeRequest__Output {
  /**
   * Names one request, so that asking again is the same request.
   */
  'requestId': (string);
  /**
   * cordon, drain, uncordon
   */
  'action': (string);
  'name': (string);
  /**
   * What the caller has been told: it is answered as soon as there is something else to tell.
   */
  'known': (string);
  /**
   * The rest is of drain.
   */
  'timeoutSeconds': (number);
  /**
   * Instead of each pod's own.
   */
  'hasGrace': (boolean);
  'graceSeconds': (number);
  'deleteEmptyDirData': (boolean);
  /**
   * Pods that no controller makes again.
   */
  'evictUnmanaged': (boolean);
  /**
   * Pods are deleted, and no disruption budget is asked.
   */
  'disableEviction': (boolean);
}
