// Original file: proto/fleet.proto

import type { Envelope as _muster_v1_Envelope, Envelope__Output as _muster_v1_Envelope__Output } from '../../muster/v1/Envelope.ts';

export interface PullReply {
  /**
   * Issued and not yet accepted, the same bytes at every poll.
   */
  'plans'?: (_muster_v1_Envelope)[];
  /**
   * Signed by the control key, bound to the nonce: idle, stop, go-on and the signer's time.
   */
  'answer'?: (_muster_v1_Envelope | null);
}

export interface PullReply__Output {
  /**
   * Issued and not yet accepted, the same bytes at every poll.
   */
  'plans': (_muster_v1_Envelope__Output)[];
  /**
   * Signed by the control key, bound to the nonce: idle, stop, go-on and the signer's time.
   */
  'answer': (_muster_v1_Envelope__Output | null);
}
