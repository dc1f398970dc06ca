// Original file: proto/fleet.proto

import type { Long } from '@grpc/proto-loader';

export interface LaneState {
  /**
   * host or cluster
   */
  'lane'?: (string);
  /**
   * Accepted and unfinished.
   */
  'planIds'?: (string)[];
  'epoch'?: (number | string | Long);
  'sequence'?: (number | string | Long);
  /**
   * One sentence: what the agent does or waits for in this lane.
   */
  'doing'?: (string);
  /**
   * Of plan_ids: those that begin no step before a signed go-on.
   */
  'waiting'?: (string)[];
}

export interface LaneState__Output {
  /**
   * host or cluster
   */
  'lane': (string);
  /**
   * Accepted and unfinished.
   */
  'planIds': (string)[];
  'epoch': (number);
  'sequence': (number);
  /**
   * One sentence: what the agent does or waits for in this lane.
   */
  'doing': (string);
  /**
   * Of plan_ids: those that begin no step before a signed go-on.
   */
  'waiting': (string)[];
}
