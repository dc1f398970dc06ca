import { expect, test } from 'vitest';
import { verifyAnswer } from '../../../../agent/plan/verify-answer.ts';
import { PLAN_PAYLOAD_TYPE } from '../../../../shared/model/plan.ts';
import { signEnvelope } from '../../../../shared/signature.ts';
import {
  anAnswer,
  newSigningKeys,
  planBytes,
  signedAnswer,
} from '../../../support/signed-plans.ts';

const keys = newSigningKeys();
const nonce = Buffer.from('0123456789abcdef');
const expected = { keySet: keys.keySet, fleet: 'f-1', nodeId: 'aaaaaaaaaaaaaaaa', nonce };
const answer = anAnswer({ nonce: nonce.toString('base64') });

test('takes an answer by the control key that carries the nonce of the poll', () => {
  expect(verifyAnswer(signedAnswer(answer, keys.control), expected)).toEqual({
    kind: 'answer',
    answer,
  });
});

test.each([
  ['signed by the plan key', signedAnswer(answer, keys.plan), /control key/],
  ['of a plan’s type', signEnvelope(PLAN_PAYLOAD_TYPE, planBytes(answer), keys.control), /type/],
  [
    'with the nonce of another poll',
    signedAnswer({ ...answer, nonce: 'b2xk' }, keys.control),
    /replayed/,
  ],
  ['for another fleet', signedAnswer({ ...answer, fleet: 'f-2' }, keys.control), /fleet/],
  ['for another node', signedAnswer({ ...answer, nodeId: 'b' }, keys.control), /node/],
  [
    'of another schema',
    signedAnswer({ ...answer, schema: 'muster/answer/v2' }, keys.control),
    /schema/,
  ],
  ['without its lists', signedAnswer({ ...answer, stop: 'p1' }, keys.control), /schema/],
  [
    'that is no JSON',
    signEnvelope('application/vnd.muster.answer.v1+json', Buffer.from('x'), keys.control),
    /schema/,
  ],
])('refuses an answer %s', (_name, envelope, message) => {
  const verdict = verifyAnswer(envelope, expected);
  expect(verdict.kind).toBe('refuse');
  expect(verdict.kind === 'refuse' && verdict.message).toMatch(message);
});
