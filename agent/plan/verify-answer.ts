// Whether a control answer counts: signed by a control key (a plan key does not do), of the answer's
// own type, for this node and for the nonce of this very poll. Pure.
import {
  ANSWER_PAYLOAD_TYPE,
  type Answer,
  type Envelope,
  type KeySet,
} from '../../shared/model/plan.ts';
import { isSignedBy } from '../../shared/signature.ts';
import { isPlanId } from './parse-plan.ts';

export interface AnswerExpectation {
  readonly keySet: KeySet;
  readonly fleet: string;
  readonly nodeId: string;
  readonly nonce: Uint8Array;
}

export type AnswerVerdict =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'refuse'; readonly message: string };

const sizeLimit = 256 * 1024;

export function verifyAnswer(envelope: Envelope, expected: AnswerExpectation): AnswerVerdict {
  if (envelope.payload.length > sizeLimit) return refuse(`it has ${envelope.payload.length} bytes`);
  if (envelope.payloadType !== ANSWER_PAYLOAD_TYPE)
    return refuse(`its type is ${envelope.payloadType.slice(0, 80)}`);
  if (!isSignedBy(envelope, expected.keySet.control)) {
    return refuse('it has no signature by a control key of this fleet');
  }
  const answer = parseAnswer(envelope.payload);
  if (answer === null) return refuse('its content is not an answer of schema muster/answer/v1');
  if (answer.fleet !== expected.fleet) return refuse(`it is for fleet ${answer.fleet}`);
  if (answer.nodeId !== expected.nodeId) return refuse(`it is for node ${answer.nodeId}`);
  if (answer.nonce !== Buffer.from(expected.nonce).toString('base64')) {
    return refuse('it does not carry the nonce of this poll: an old one is replayed');
  }
  return { kind: 'answer', answer };
}

function parseAnswer(bytes: Uint8Array): Answer | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object') return null;
  const answer = value as Record<string, unknown>;
  const isAnswer =
    answer['schema'] === 'muster/answer/v1' &&
    ['fleet', 'nodeId', 'nonce'].every((name) => typeof answer[name] === 'string') &&
    isTime(answer['timeMs']) &&
    isPlanIds(answer['stop']) &&
    isPlanIds(answer['goOn']);
  return isAnswer ? (value as Answer) : null;
}

/** Of both lanes, and of earlier ones that were never ended. */
const mostPlanIds = 1_000;

/** A stop of a plan that this host does not know is written down: what is none is not. */
const isPlanIds = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= mostPlanIds && value.every(isPlanId);

/** Of a Date. */
const latestMs = 8_640_000_000_000_000;
const isTime = (value: unknown): boolean =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= latestMs;

const refuse = (why: string): AnswerVerdict => ({
  kind: 'refuse',
  message: `the coordinator's answer does not count: ${why}`,
});
