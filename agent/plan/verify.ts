// Whether a plan that arrived is taken: the signature over the exact bytes first, then those same
// bytes parsed, then addressee, order, time, facts. Every refusal has a reason of its own. Pure: all
// it judges by is in its arguments.
import { sha256Hex } from '../../shared/canonical.ts';
import {
  CLUSTER_LANE_LIMIT,
  type Envelope,
  type KeySet,
  type Lane,
  PLAN_PAYLOAD_TYPE,
  type Plan,
  type RefusalReason,
} from '../../shared/model/plan.ts';
import { isAtLeast } from '../../shared/model/version.ts';
import { isSignedBy } from '../../shared/signature.ts';
import { type AcceptedPairs, compareOrder } from './accepted-pair.ts';
import { parsePlan } from './parse-plan.ts';

export interface PlanExpectation {
  readonly keySet: KeySet;
  readonly fleet: string;
  readonly nodeId: string;
  readonly accepted: AcceptedPairs;
  /** Digest of the payload by plan id, for every plan the journal still knows. */
  readonly known: ReadonlyMap<string, string>;
  /** Signed by the control key in the same reply, plus elapsed boot time. */
  readonly signedNowMs: number;
  /** The coordinator's time minus ours. */
  readonly skewMs: number;
  readonly agentVersion: string;
  /** Computed from the facts of now. */
  readonly factsDigest: string;
  readonly kinds: ReadonlySet<string>;
  /** Accepted and unfinished, by lane. */
  readonly unfinished: Readonly<Record<Lane, readonly string[]>>;
  readonly isJournalCorrupt: boolean;
}

export type Verdict =
  | { readonly kind: 'accept'; readonly plan: Plan; readonly digest: string }
  /** Accepted before, the same bytes: nothing to decide. */
  | { readonly kind: 'repeat'; readonly plan: Plan; readonly digest: string }
  | {
      readonly kind: 'refuse';
      readonly reason: RefusalReason;
      readonly message: string;
      /** Null while the bytes are not verified. */
      readonly planId: string | null;
    };

export const PLAN_SIZE_LIMIT = 4 * 1024 * 1024;
const SKEW_LIMIT_MS = 5 * 60_000;

export function verifyPlan(envelope: Envelope, expected: PlanExpectation): Verdict {
  const size = envelope.payload.length;
  if (size > PLAN_SIZE_LIMIT) {
    return refuse(
      'too-large',
      `a plan of ${size} bytes; at most ${PLAN_SIZE_LIMIT} are taken`,
      null,
    );
  }
  if (envelope.payloadType !== PLAN_PAYLOAD_TYPE) {
    return refuse(
      'wrong-type',
      `payload type ${envelope.payloadType.slice(0, 80)} is not a plan's`,
      null,
    );
  }
  if (!isSignedBy(envelope, expected.keySet.plan)) {
    return refuse('bad-signature', 'no signature by a plan key of this fleet', null);
  }
  const parsed = parsePlan(envelope.payload, expected.kinds);
  if (parsed.kind === 'fault') return refuse(parsed.reason, parsed.message, parsed.planId);
  return judge(parsed.plan, sha256Hex(envelope.payload), expected);
}

function judge(plan: Plan, digest: string, expected: PlanExpectation): Verdict {
  const { planId } = plan;
  if (plan.fleet !== expected.fleet) {
    return refuse(
      'wrong-fleet',
      `for fleet ${plan.fleet}; this host is in ${expected.fleet}`,
      planId,
    );
  }
  if (plan.nodeId !== expected.nodeId) {
    return refuse('wrong-node', `for node ${plan.nodeId}; this is ${expected.nodeId}`, planId);
  }
  const known = expected.known.get(planId);
  if (known === digest) return { kind: 'repeat', plan, digest };
  if (known !== undefined) {
    return refuse('other-content', `plan ${planId} was accepted with other content`, planId);
  }
  return judgeOrder(plan, digest, expected) ?? judgeTime(plan, digest, expected);
}

function judgeOrder(plan: Plan, digest: string, expected: PlanExpectation): Verdict | null {
  const highest = expected.accepted[plan.lane];
  if (highest === null) return null;
  const order = compareOrder(plan, highest);
  if (order > 0) return null;
  const pair = `(${plan.epoch}, ${plan.sequence})`;
  if (order < 0) {
    const message = `${pair} comes before (${highest.epoch}, ${highest.sequence}), accepted in lane ${plan.lane}`;
    return refuse('old-sequence', message, plan.planId);
  }
  if (highest.digest === digest) return { kind: 'repeat', plan, digest };
  return refuse(
    'other-content',
    `${pair} was accepted with other content in lane ${plan.lane}`,
    plan.planId,
  );
}

function judgeTime(plan: Plan, digest: string, expected: PlanExpectation): Verdict {
  const { planId } = plan;
  const { signedNowMs } = expected;
  if (expected.isJournalCorrupt) {
    return refuse('journal-corrupt', 'the journal of this host is corrupt: no step begins', planId);
  }
  if (signedNowMs < plan.notBeforeMs) {
    return refuse(
      'not-yet-valid',
      `valid from ${at(plan.notBeforeMs)}; it is ${at(signedNowMs)}`,
      planId,
    );
  }
  if (signedNowMs >= plan.expiresMs) {
    return refuse('expired', `expired at ${at(plan.expiresMs)}; it is ${at(signedNowMs)}`, planId);
  }
  if (Math.abs(expected.skewMs) > SKEW_LIMIT_MS) {
    const seconds = Math.round(Math.abs(expected.skewMs) / 1000);
    const side = expected.skewMs > 0 ? 'behind' : 'ahead of';
    return refuse(
      'clock',
      `this host's clock is ${seconds} s ${side} the coordinator's; set it`,
      planId,
    );
  }
  if (!isAtLeast(expected.agentVersion, plan.minAgentVersion)) {
    const message = `needs agent ${plan.minAgentVersion}; this is ${expected.agentVersion}`;
    return refuse('agent-too-old', message, planId);
  }
  const running = expected.unfinished[plan.lane];
  if (running.length >= (plan.lane === 'host' ? 1 : CLUSTER_LANE_LIMIT)) {
    const message = `lane ${plan.lane} is busy with ${running.join(', ')}`;
    return refuse('busy', message, planId);
  }
  if (plan.factsDigest !== expected.factsDigest) {
    return refuse(
      'facts-changed',
      'the facts it was computed from are not those of this host now',
      planId,
    );
  }
  return { kind: 'accept', plan, digest };
}

const at = (ms: number): string => new Date(ms).toISOString();

function refuse(reason: RefusalReason, message: string, planId: string | null): Verdict {
  return { kind: 'refuse', reason, message, planId };
}
