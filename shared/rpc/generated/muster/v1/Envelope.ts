// Original file: proto/fleet.proto

import type { Signature as _muster_v1_Signature, Signature__Output as _muster_v1_Signature__Output } from '../../muster/v1/Signature.ts';

/**
 * DSSE: the signatures are over PAE(payload_type, payload); the receiver parses exactly `payload`.
 */
export interface Envelope {
  'payloadType'?: (string);
  'payload'?: (Buffer | Uint8Array | string);
  'signatures'?: (_muster_v1_Signature)[];
}

/**
 * DSSE: the signatures are over PAE(payload_type, payload); the receiver parses exactly `payload`.
 */
export interface Envelope__Output {
  'payloadType': (string);
  'payload': (Buffer);
  'signatures': (_muster_v1_Signature__Output)[];
}
