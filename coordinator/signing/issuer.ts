// From a draft to signed bytes. Pure but for the signature: number, dates and id come from the
// caller. What is signed here once is stored and sent as it is, never rendered again.
import type { KeyObject } from 'node:crypto';
import type { PlanId } from '../../shared/model/ids.ts';
import {
  ANSWER_PAYLOAD_TYPE,
  type Answer,
  type Envelope,
  PLAN_PAYLOAD_TYPE,
  type Plan,
} from '../../shared/model/plan.ts';
import { signEnvelope } from '../../shared/signature.ts';
import { formatGoalKey } from '../plan-records/goal-key.ts';
import type { PlanDraft } from '../planner/decision.ts';
import type { NodeRecord, PlanRecord } from '../store/records.ts';

/** A plan that was not begun an hour after it was made is made anew, from newer facts. */
export const PLAN_LIFETIME_MS = 60 * 60 * 1000;
export const MINIMUM_AGENT_VERSION = '0.1.0';

export interface PlanNumber {
  readonly fleet: string;
  readonly planId: PlanId;
  readonly epoch: number;
  readonly sequence: number;
  readonly now: number;
}

export function createPlan(draft: PlanDraft, node: NodeRecord, number: PlanNumber): Plan {
  return {
    schema: 'muster/plan/v1',
    fleet: number.fleet,
    cluster: node.cluster,
    nodeId: draft.nodeId,
    planId: number.planId,
    lane: draft.lane,
    goal: draft.goal,
    contentKey: formatGoalKey(draft.goalKey),
    epoch: number.epoch,
    sequence: number.sequence,
    notBeforeMs: number.now,
    expiresMs: number.now + PLAN_LIFETIME_MS,
    minAgentVersion: MINIMUM_AGENT_VERSION,
    factsDigest: draft.factsDigest,
    stages: draft.stages,
  };
}

export function signPlan(plan: Plan, planKey: KeyObject): Envelope {
  return signEnvelope(PLAN_PAYLOAD_TYPE, Buffer.from(JSON.stringify(plan)), planKey);
}

/** What the store keeps of a plan at the moment it is issued. */
export function issuedRecord(plan: Plan, node: NodeRecord, draft: PlanDraft): PlanRecord {
  const stages = plan.stages.map(({ title, steps }) => ({
    title,
    steps: steps.map(({ id, kind }) => ({ id, kind })),
  }));
  return {
    planId: plan.planId,
    nodeId: node.id,
    nodeName: node.name,
    cluster: plan.cluster,
    lane: plan.lane,
    goal: plan.goal,
    goalKey: draft.goalKey,
    brings: draft.brings,
    attempt: draft.attempt,
    epoch: plan.epoch,
    sequence: plan.sequence,
    state: 'issued',
    refusal: null,
    message: null,
    error: null,
    issuedMs: plan.notBeforeMs,
    expiresMs: plan.expiresMs,
    acceptedMs: null,
    finishedMs: null,
    changedSteps: 0,
    stopRequested: false,
    stages,
    steps: stages.flatMap(({ steps }) =>
      steps.map(({ id }) => ({
        stepId: id,
        state: 'pending' as const,
        attempt: 0,
        beganMs: null,
        durationMs: null,
        note: null,
        outputs: {},
        error: null,
      })),
    ),
  };
}

export interface AnswerContent {
  readonly fleet: string;
  readonly nodeId: string;
  readonly nonce: Uint8Array;
  readonly now: number;
  readonly stop: readonly string[];
  readonly goOn: readonly string[];
}

export function signAnswer(content: AnswerContent, controlKey: KeyObject): Envelope {
  const answer: Answer = {
    schema: 'muster/answer/v1',
    fleet: content.fleet,
    nodeId: content.nodeId,
    nonce: Buffer.from(content.nonce).toString('base64'),
    timeMs: content.now,
    stop: content.stop,
    goOn: content.goOn,
  };
  return signEnvelope(ANSWER_PAYLOAD_TYPE, Buffer.from(JSON.stringify(answer)), controlKey);
}
