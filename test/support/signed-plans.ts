// Plans, keys and envelopes for tests of the agent.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { asPlanId, asStepId } from '../../shared/model/ids.ts';
import {
  ANSWER_PAYLOAD_TYPE,
  type Answer,
  type Envelope,
  type KeySet,
  PLAN_PAYLOAD_TYPE,
  type Plan,
} from '../../shared/model/plan.ts';
import type { Step } from '../../shared/model/step.ts';
import { publicKeyText, signEnvelope } from '../../shared/signature.ts';

export interface SigningKeys {
  readonly plan: KeyObject;
  readonly control: KeyObject;
  readonly keySet: KeySet;
}

export function newSigningKeys(): SigningKeys {
  const plan = generateKeyPairSync('ed25519').privateKey;
  const control = generateKeyPairSync('ed25519').privateKey;
  const keySet: KeySet = {
    schema: 'muster/keys/v1',
    version: 1,
    plan: [publicKeyText(plan)],
    control: [publicKeyText(control)],
  };
  return { plan, control, keySet };
}

export function aStep(id: string, changes: Partial<Step> = {}): Step {
  return {
    id: asStepId(id),
    kind: 'write-file',
    args: { path: `/tmp/${id}`, content: id, mode: 0o644 },
    timeoutSeconds: 30,
    effect: 'change',
    onStop: 'interrupt',
    beginWithinSeconds: null,
    ...changes,
  } as Step;
}

export const START_MS = 1_800_000_000_000;

export function aPlan(changes: Partial<Plan> = {}): Plan {
  return {
    schema: 'muster/plan/v1',
    fleet: 'f-1',
    cluster: 'lab',
    nodeId: 'aaaaaaaaaaaaaaaa',
    planId: asPlanId('p1'),
    lane: 'host',
    goal: 'prepare host',
    contentKey: 'k',
    epoch: 1,
    sequence: 1,
    notBeforeMs: START_MS - 1_000,
    expiresMs: START_MS + 600_000,
    minAgentVersion: '0.1.0',
    factsDigest: 'digest-of-facts',
    stages: [{ title: 'one', steps: [aStep('a')] }],
    ...changes,
  };
}

export const planBytes = (plan: unknown): Buffer => Buffer.from(JSON.stringify(plan));

export function signedPlan(plan: unknown, key: KeyObject): Envelope {
  return signEnvelope(PLAN_PAYLOAD_TYPE, planBytes(plan), key);
}

export function signedAnswer(answer: unknown, key: KeyObject): Envelope {
  return signEnvelope(ANSWER_PAYLOAD_TYPE, planBytes(answer), key);
}

export function anAnswer(changes: Partial<Answer> = {}): Answer {
  return {
    schema: 'muster/answer/v1',
    fleet: 'f-1',
    nodeId: 'aaaaaaaaaaaaaaaa',
    nonce: '',
    timeMs: START_MS,
    stop: [],
    goOn: [],
    ...changes,
  };
}
