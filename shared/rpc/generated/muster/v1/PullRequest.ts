// Original file: proto/fleet.proto

import type { LaneState as _muster_v1_LaneState, LaneState__Output as _muster_v1_LaneState__Output } from '../../muster/v1/LaneState.ts';
import type { Trouble as _muster_v1_Trouble, Trouble__Output as _muster_v1_Trouble__Output } from '../../muster/v1/Trouble.ts';
import type { Long } from '@grpc/proto-loader';

export interface PullRequest {
  /**
   * Random at every start of the agent.
   */
  'instanceId'?: (string);
  /**
   * Grows by one at every poll of an instance; a newer poll ends an older one.
   */
  'poll'?: (number | string | Long);
  'nonce'?: (Buffer | Uint8Array | string);
  'bootId'?: (string);
  'agentVersion'?: (string);
  /**
   * Digest of the planning facts the agent sees now.
   */
  'factsDigest'?: (string);
  'lanes'?: (_muster_v1_LaneState)[];
  'journalId'?: (string);
  /**
   * Offset after the last record written.
   */
  'journalEnd'?: (number | string | Long);
  /**
   * 0: answer at once.
   */
  'holdMs'?: (number | string | Long);
  /**
   * JSON of HealthReport; empty before the first measurement. The same bytes while nothing changes.
   */
  'health'?: (Buffer | Uint8Array | string);
  /**
   * How long before this poll it was measured.
   */
  'healthAgeMs'?: (number | string | Long);
  /**
   * The host's own clock at this poll, which times inside `health` are of.
   */
  'hostTimeMs'?: (number | string | Long);
  /**
   * Missing when nothing keeps the agent from its work.
   */
  'trouble'?: (_muster_v1_Trouble | null);
}

export interface PullRequest__Output {
  /**
   * Random at every start of the agent.
   */
  'instanceId': (string);
  /**
   * Grows by one at every poll of an instance; a newer poll ends an older one.
   */
  'poll': (number);
  'nonce': (Buffer);
  'bootId': (string);
  'agentVersion': (string);
  /**
   * Digest of the planning facts the agent sees now.
   */
  'factsDigest': (string);
  'lanes': (_muster_v1_LaneState__Output)[];
  'journalId': (string);
  /**
   * Offset after the last record written.
   */
  'journalEnd': (number);
  /**
   * 0: answer at once.
   */
  'holdMs': (number);
  /**
   * JSON of HealthReport; empty before the first measurement. The same bytes while nothing changes.
   */
  'health': (Buffer);
  /**
   * How long before this poll it was measured.
   */
  'healthAgeMs': (number);
  /**
   * The host's own clock at this poll, which times inside `health` are of.
   */
  'hostTimeMs': (number);
  /**
   * Missing when nothing keeps the agent from its work.
   */
  'trouble': (_muster_v1_Trouble__Output | null);
}
