import { expect, test } from 'vitest';
import { noPairs } from '../../../../agent/plan/accepted-pair.ts';
import {
  PLAN_SIZE_LIMIT,
  type PlanExpectation,
  type Verdict,
  verifyPlan,
} from '../../../../agent/plan/verify.ts';
import { sha256Hex } from '../../../../shared/canonical.ts';
import { ANSWER_PAYLOAD_TYPE, PLAN_PAYLOAD_TYPE } from '../../../../shared/model/plan.ts';
import { signEnvelope } from '../../../../shared/signature.ts';
import {
  aPlan,
  aStep,
  newSigningKeys,
  planBytes,
  START_MS,
  signedPlan,
} from '../../../support/signed-plans.ts';

const keys = newSigningKeys();
const digest = sha256Hex(planBytes(aPlan()));

function expecting(changes: Partial<PlanExpectation> = {}): PlanExpectation {
  return {
    keySet: keys.keySet,
    fleet: 'f-1',
    nodeId: 'aaaaaaaaaaaaaaaa',
    accepted: noPairs,
    known: new Map(),
    signedNowMs: START_MS,
    skewMs: 0,
    agentVersion: '0.1.0',
    factsDigest: 'digest-of-facts',
    kinds: new Set(['write-file', 'remove-path']),
    unfinished: { host: [], cluster: [] },
    isJournalCorrupt: false,
    ...changes,
  };
}

const reasonOf = (verdict: Verdict): string =>
  verdict.kind === 'refuse' ? verdict.reason : verdict.kind;
const judge = (plan: unknown, changes: Partial<PlanExpectation> = {}): string =>
  reasonOf(verifyPlan(signedPlan(plan, keys.plan), expecting(changes)));

test('accepts a plan that is signed, addressed, in order, in time and of these facts', () => {
  const verdict = verifyPlan(signedPlan(aPlan(), keys.plan), expecting());
  expect(verdict).toEqual({ kind: 'accept', plan: aPlan(), digest });
});

test('refuses a payload over 4 MiB before it looks at it', () => {
  const payload = Buffer.alloc(PLAN_SIZE_LIMIT + 1, 32);
  const envelope = signEnvelope(PLAN_PAYLOAD_TYPE, payload, keys.plan);
  expect(reasonOf(verifyPlan(envelope, expecting()))).toBe('too-large');
});

test('refuses another payload type, also one signed by the plan key', () => {
  const envelope = signEnvelope(ANSWER_PAYLOAD_TYPE, planBytes(aPlan()), keys.plan);
  expect(reasonOf(verifyPlan(envelope, expecting()))).toBe('wrong-type');
});

test.each([
  ['by the control key', () => signedPlan(aPlan(), keys.control)],
  ['by a stranger', () => signedPlan(aPlan(), newSigningKeys().plan)],
  ['by nobody', () => ({ ...signedPlan(aPlan(), keys.plan), signatures: [] })],
  [
    'by a stranger who names the plan key as keyid',
    () => {
      const [stolen] = signedPlan(aPlan(), keys.plan).signatures;
      const envelope = signedPlan(aPlan(), newSigningKeys().plan);
      return {
        ...envelope,
        signatures: envelope.signatures.map((signature) => ({
          ...signature,
          keyid: stolen?.keyid ?? '',
        })),
      };
    },
  ],
  [
    'over other bytes',
    () => ({ ...signedPlan(aPlan(), keys.plan), payload: planBytes(aPlan({ goal: 'another' })) }),
  ],
  [
    'over the same value in other bytes',
    () => ({
      ...signedPlan(aPlan(), keys.plan),
      payload: Buffer.from(JSON.stringify(aPlan(), null, 1)),
    }),
  ],
])('refuses a plan that is signed %s', (_name, envelope) => {
  const verdict = verifyPlan(envelope(), expecting());
  expect(verdict).toMatchObject({ kind: 'refuse', reason: 'bad-signature', planId: null });
});

test('refuses what is not JSON, or of another schema, or has an unknown or missing field', () => {
  const garbage = signEnvelope(PLAN_PAYLOAD_TYPE, Buffer.from('{"schema"'), keys.plan);
  expect(reasonOf(verifyPlan(garbage, expecting()))).toBe('unknown-schema');
  expect(judge({ ...aPlan(), schema: 'muster/plan/v2' })).toBe('unknown-schema');
  expect(judge({ ...aPlan(), shell: 'rm' })).toBe('unknown-schema');
  expect(judge({ ...aPlan(), sequence: '1' })).toBe('unknown-schema');
  expect(judge({ ...aPlan(), planId: '../p' })).toBe('unknown-schema');
  expect(judge([])).toBe('unknown-schema');
});

const withStep = (step: unknown) => ({ ...aPlan(), stages: [{ title: 'one', steps: [step] }] });

test.each([
  ['an unknown kind', { ...aStep('a'), kind: 'run-shell', args: {} }],
  ['a kind that this agent has no runner for', { ...aStep('a'), kind: 'disable-swap', args: {} }],
  ['an argument that is missing', { ...aStep('a'), args: { path: '/x', mode: 1 } }],
  [
    'an unknown argument',
    { ...aStep('a'), args: { path: '/x', content: '', mode: 1, owner: 'x' } },
  ],
  ['an argument of another type', { ...aStep('a'), args: { path: '/x', content: 1, mode: 1 } }],
  ['a path that is not absolute', { ...aStep('a'), args: { path: 'x', content: '', mode: 1 } }],
  ['a path that climbs', { ...aStep('a'), args: { path: '/a/../b', content: '', mode: 1 } }],
  ['an id that is none', { ...aStep('a'), id: 'A B' }],
  ['an unknown effect', { ...aStep('a'), effect: 'maybe' }],
  ['a milder effect than its kind has', { ...aStep('a'), effect: 'read' }],
  ['no time limit', { ...aStep('a'), timeoutSeconds: 0 }],
  ['an unknown field', { ...aStep('a'), env: {} }],
  ['nothing at all', null],
])('refuses a step with %s', (_name, step) => {
  expect(['unknown-step', 'unknown-schema']).toContain(judge(withStep(step)));
});

test('refuses two steps with one id', () => {
  const stages = [{ title: 'one', steps: [aStep('a'), aStep('a')] }];
  expect(judge({ ...aPlan(), stages })).toBe('unknown-step');
});

test('refuses a plan for another fleet or another node', () => {
  expect(judge(aPlan({ fleet: 'f-2' }))).toBe('wrong-fleet');
  expect(judge(aPlan({ nodeId: 'bbbbbbbbbbbbbbbb' }))).toBe('wrong-node');
});

test('judges time by the signed clock: not yet valid, expired, and the host’s own clock too far off', () => {
  expect(judge(aPlan(), { signedNowMs: START_MS - 60_000 })).toBe('not-yet-valid');
  expect(judge(aPlan(), { signedNowMs: START_MS + 600_000 })).toBe('expired');
  expect(judge(aPlan(), { skewMs: 5 * 60_000 + 1 })).toBe('clock');
  expect(judge(aPlan(), { skewMs: -5 * 60_000 - 1 })).toBe('clock');
  expect(judge(aPlan(), { skewMs: 5 * 60_000 })).toBe('accept');
});

test('refuses a plan that needs a newer agent', () => {
  expect(judge(aPlan({ minAgentVersion: '0.2.0' }))).toBe('agent-too-old');
});

test('(epoch, sequence) never goes down; equal pairs are a repeat or another content', () => {
  const at = (epoch: number, sequence: number, pairDigest = digest) => ({
    accepted: { host: { epoch, sequence, digest: pairDigest }, cluster: null },
  });
  expect(judge(aPlan(), at(1, 2))).toBe('old-sequence');
  expect(judge(aPlan(), at(2, 0))).toBe('old-sequence');
  expect(judge(aPlan(), at(1, 1))).toBe('repeat');
  expect(judge(aPlan(), at(1, 1, 'another'))).toBe('other-content');
  expect(judge(aPlan(), at(0, 9))).toBe('accept');
});

test('lanes have orders of their own', () => {
  const accepted = { host: { epoch: 1, sequence: 9, digest: 'x' }, cluster: null };
  expect(judge(aPlan({ lane: 'cluster' }), { accepted })).toBe('accept');
});

test('a known plan is a repeat whatever came after it, and other content when its bytes differ', () => {
  const accepted = { host: { epoch: 1, sequence: 9, digest: 'x' }, cluster: null };
  expect(judge(aPlan(), { accepted, known: new Map([['p1', digest]]) })).toBe('repeat');
  expect(judge(aPlan(), { accepted, known: new Map([['p1', 'another']]) })).toBe('other-content');
});

test('the host lane holds one plan, the cluster lane several', () => {
  const unfinished = { host: ['p0'], cluster: ['p8', 'p9'] };
  expect(judge(aPlan(), { unfinished })).toBe('busy');
  expect(judge(aPlan({ lane: 'cluster' }), { unfinished })).toBe('accept');
});

test('refuses a plan computed from other facts', () => {
  expect(judge(aPlan(), { factsDigest: 'another' })).toBe('facts-changed');
});

test('with a corrupt journal nothing is taken', () => {
  expect(judge(aPlan(), { isJournalCorrupt: true })).toBe('journal-corrupt');
});

test.each([
  ['a number that cannot be told from its neighbour', { sequence: 2 ** 53 }],
  ['a number that leaves no room for higher ones', { sequence: 2 ** 48 + 1 }],
  ['an epoch that leaves no room', { epoch: 2 ** 50 }],
  ['a number below nothing', { sequence: -1 }],
  ['a time that is no date', { notBeforeMs: 9e15 }],
  ['an end that is no date', { expiresMs: 9e15 }],
  ['a goal of two lines', { goal: 'prepare\nhost' }],
  ['a goal without end', { goal: 'x'.repeat(501) }],
  ['a plan id that climbs', { planId: '../x' }],
  ['more stages than any plan has', { stages: Array(101).fill({ title: 'a', steps: [] }) }],
  ['a field of a stage that nobody knows', { stages: [{ title: 'a', steps: [], if: 'x' }] }],
])('refuses %s', (_what, change) => {
  expect(judge({ ...aPlan(), ...change })).toMatch(/^unknown-(schema|step)$/);
});
