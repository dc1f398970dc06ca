import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  createPlan,
  issuedRecord,
  signAnswer,
  signPlan,
} from '../../../../coordinator/signing/issuer.ts';
import { newFleetId, newPlanId, newTokenId } from '../../../../coordinator/signing/new-ids.ts';
import {
  ANSWER_PAYLOAD_TYPE,
  PLAN_PAYLOAD_TYPE,
  type Plan,
} from '../../../../shared/model/plan.ts';
import { isSignedBy, publicKeyText } from '../../../../shared/signature.ts';
import { aNode } from '../../../support/cluster-builders.ts';
import { aDraft } from '../../../support/plan-builders.ts';

const plan = generateKeyPairSync('ed25519').privateKey;
const control = generateKeyPairSync('ed25519').privateKey;
const now = 1_800_000_000_000;
const node = aNode('w1', 1);
const number = { fleet: 'f1', planId: newPlanId(), epoch: 2, sequence: 9, now };

describe('issuing', () => {
  it('puts number, dates and addressee into what is signed, and an hour of life', () => {
    const made = createPlan(aDraft(node), node.record, number);
    const envelope = signPlan(made, plan);
    expect(envelope.payloadType).toBe(PLAN_PAYLOAD_TYPE);
    expect(isSignedBy(envelope, [publicKeyText(plan)])).toBe(true);
    const parsed = JSON.parse(Buffer.from(envelope.payload).toString('utf8')) as Plan;
    expect(parsed).toEqual(made);
    expect(parsed).toMatchObject({
      schema: 'muster/plan/v1',
      fleet: 'f1',
      cluster: 'lab',
      nodeId: node.record.id,
      epoch: 2,
      sequence: 9,
      notBeforeMs: now,
      expiresMs: now + 3_600_000,
      factsDigest: node.facts?.digest,
    });
  });

  it('keeps of a plan what is shown, and no argument', () => {
    const draft = aDraft(node, { attempt: 3 });
    const record = issuedRecord(createPlan(draft, node.record, number), node.record, draft);
    expect(record).toMatchObject({
      state: 'issued',
      attempt: 3,
      sequence: 9,
      stopRequested: false,
    });
    expect(record.stages).toEqual([
      {
        title: 'files',
        steps: [
          { id: 'one', kind: 'write-file' },
          { id: 'two', kind: 'write-file' },
        ],
      },
    ]);
    expect(JSON.stringify(record)).not.toContain('/tmp/one');
  });

  it('signs answers with the control key, which signs no plan that an agent would take', () => {
    const answer = signAnswer(
      { fleet: 'f1', nodeId: 'n', nonce: Buffer.alloc(16), now, stop: ['p'], goOn: [] },
      control,
    );
    expect(answer.payloadType).toBe(ANSWER_PAYLOAD_TYPE);
    expect(isSignedBy(answer, [publicKeyText(control)])).toBe(true);
    expect(isSignedBy(answer, [publicKeyText(plan)])).toBe(false);
    // The type is under the signature: an answer cannot pass as a plan.
    expect(
      isSignedBy({ ...answer, payloadType: PLAN_PAYLOAD_TYPE }, [publicKeyText(control)]),
    ).toBe(false);
  });
});

describe('new ids', () => {
  it('have their forms and do not come twice', () => {
    expect(newPlanId()).toMatch(/^p[a-z2-7]{12}$/);
    expect(newFleetId()).toMatch(/^f[a-z2-7]{12}$/);
    expect(newTokenId()).toMatch(/^mt[a-z2-7]{10}$/);
    expect(new Set(Array.from({ length: 1000 }, () => newPlanId())).size).toBe(1000);
  });
});
