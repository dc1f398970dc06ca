// A plan: stages in series, the steps of one stage in parallel. Its JSON is the payload of a DSSE
// envelope; what is signed is exactly what is parsed: verify, then parse.
import type { PlanId } from './ids.ts';
import type { Step } from './step.ts';

export const PLAN_PAYLOAD_TYPE = 'application/vnd.muster.plan.v1+json';
export const ANSWER_PAYLOAD_TYPE = 'application/vnd.muster.answer.v1+json';

export type Lane = 'host' | 'cluster';

/** Plans of the cluster lane that an agent carries out at once; it refuses more as busy. */
export const CLUSTER_LANE_LIMIT = 16;

export interface Stage {
  readonly title: string;
  readonly steps: readonly Step[];
}

export interface Plan {
  readonly schema: 'muster/plan/v1';
  readonly fleet: string;
  readonly cluster: string;
  /** The addressee. */
  readonly nodeId: string;
  readonly planId: PlanId;
  readonly lane: Lane;
  /** What the plan is for, as shown to operators: "prepare host", "join as worker". */
  readonly goal: string;
  /** Subject, goal and a digest of the inputs; attempts are counted per content key. */
  readonly contentKey: string;
  readonly epoch: number;
  /** Grows by one per node and lane. */
  readonly sequence: number;
  readonly notBeforeMs: number;
  readonly expiresMs: number;
  readonly minAgentVersion: string;
  /** Digest of the planning facts it was computed from. */
  readonly factsDigest: string;
  readonly stages: readonly Stage[];
}

/** Signed by the control key: it can say wait, stop and go on, and never what to do. */
export interface Answer {
  readonly schema: 'muster/answer/v1';
  readonly fleet: string;
  readonly nodeId: string;
  /** Base64 of the poll's nonce. */
  readonly nonce: string;
  readonly timeMs: number;
  /** Plans that begin no further step. Final. */
  readonly stop: readonly string[];
  /** Plans that may go on after a restart that no step announced. */
  readonly goOn: readonly string[];
}

export interface Signature {
  readonly keyid: string;
  readonly sig: Uint8Array;
}

export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly Signature[];
}

/** The signing keys a member trusts: base64 of raw Ed25519 public keys. */
export interface KeySet {
  readonly schema: 'muster/keys/v1';
  readonly version: number;
  readonly plan: readonly string[];
  readonly control: readonly string[];
}

/** Why an agent does not take a plan: a value, sent back and shown, never thrown. */
export type RefusalReason =
  | 'bad-signature'
  | 'wrong-type'
  | 'too-large'
  | 'unknown-schema'
  | 'wrong-fleet'
  | 'wrong-node'
  | 'not-yet-valid'
  | 'expired'
  | 'old-sequence'
  | 'other-content'
  | 'agent-too-old'
  | 'unknown-step'
  | 'facts-changed'
  | 'clock'
  | 'busy'
  | 'journal-corrupt';

export type PlanState =
  | 'issued'
  | 'accepted'
  | 'done'
  | 'failed'
  | 'refused'
  | 'stopped'
  | 'expired';

export const isFinal = (state: PlanState): boolean => state !== 'issued' && state !== 'accepted';
