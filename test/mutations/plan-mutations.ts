// What keeps an agent from obeying the wrong plan, or the right one twice.
import type { Mutation } from './mutation.ts';

const verify = 'agent/plan/verify.ts';
const verifyTests = ['test/unit/agent/plan/verify.test.ts'];
const answer = 'agent/plan/verify-answer.ts';
const answerTests = ['test/unit/agent/plan/verify-answer.test.ts'];

/** The condition as one that never holds. */
const never = (condition: string): { readonly from: string; readonly to: string } => ({
  from: `if (${condition})`,
  to: `if (false && (${condition}))`,
});

export const planMutations: readonly Mutation[] = [
  {
    name: 'plan-signature',
    without: 'a plan that nobody signed is obeyed',
    file: verify,
    ...never('!isSignedBy(envelope, expected.keySet.plan)'),
    tests: verifyTests,
  },
  {
    name: 'plan-key-apart',
    without: 'the control key can authorize steps',
    file: verify,
    from: 'isSignedBy(envelope, expected.keySet.plan)',
    to: 'isSignedBy(envelope, [...expected.keySet.plan, ...expected.keySet.control])',
    tests: verifyTests,
  },
  {
    name: 'plan-type',
    without: 'something signed for another purpose passes as a plan',
    file: verify,
    ...never('envelope.payloadType !== PLAN_PAYLOAD_TYPE'),
    tests: verifyTests,
  },
  {
    name: 'plan-size',
    without: 'a plan of any size is parsed',
    file: verify,
    ...never('size > PLAN_SIZE_LIMIT'),
    tests: verifyTests,
  },
  {
    name: 'plan-fleet',
    without: 'a plan of another fleet is obeyed',
    file: verify,
    ...never('plan.fleet !== expected.fleet'),
    tests: verifyTests,
  },
  {
    name: 'plan-node',
    without: "another node's plan is obeyed",
    file: verify,
    ...never('plan.nodeId !== expected.nodeId'),
    tests: verifyTests,
  },
  {
    name: 'plan-sequence',
    without: 'a plan from before the last accepted one is obeyed again',
    file: verify,
    ...never('order < 0'),
    tests: verifyTests,
  },
  {
    name: 'plan-other-content',
    without: 'a second plan under an accepted number is obeyed',
    file: verify,
    from: "if (highest.digest === digest) return { kind: 'repeat', plan, digest };",
    to: 'if (highest.digest !== digest) return null;',
    tests: verifyTests,
  },
  {
    name: 'plan-not-before',
    without: 'a plan of tomorrow is obeyed today',
    file: verify,
    ...never('signedNowMs < plan.notBeforeMs'),
    tests: verifyTests,
  },
  {
    name: 'plan-expiry',
    without: 'an expired plan is obeyed',
    file: verify,
    ...never('signedNowMs >= plan.expiresMs'),
    tests: verifyTests,
  },
  {
    name: 'clock-skew',
    without: 'a host with a wrong clock begins plans',
    file: verify,
    ...never('Math.abs(expected.skewMs) > SKEW_LIMIT_MS'),
    tests: verifyTests,
  },
  {
    name: 'facts-digest',
    without: 'a plan that was made of other facts is obeyed',
    file: verify,
    ...never('plan.factsDigest !== expected.factsDigest'),
    tests: verifyTests,
  },
  {
    name: 'lane-busy',
    without: 'a second plan begins beside an unfinished one',
    file: verify,
    ...never("running.length >= (plan.lane === 'host' ? 1 : CLUSTER_LANE_LIMIT)"),
    tests: verifyTests,
  },
  {
    name: 'agent-too-old',
    without: 'a plan that needs a newer agent is obeyed',
    file: verify,
    ...never('!isAtLeast(expected.agentVersion, plan.minAgentVersion)'),
    tests: verifyTests,
  },
  {
    name: 'journal-corrupt',
    without: 'a host whose journal is damaged begins plans',
    file: verify,
    ...never('expected.isJournalCorrupt'),
    tests: verifyTests,
  },
  {
    name: 'answer-nonce',
    without: 'an old answer can be replayed',
    file: answer,
    ...never("answer.nonce !== Buffer.from(expected.nonce).toString('base64')"),
    tests: answerTests,
  },
  {
    name: 'answer-signature',
    without: 'anyone can say stop and go on',
    file: answer,
    ...never('!isSignedBy(envelope, expected.keySet.control)'),
    tests: answerTests,
  },
  {
    name: 'answer-node',
    without: "another node's answer counts",
    file: answer,
    ...never('answer.nodeId !== expected.nodeId'),
    tests: answerTests,
  },
  {
    name: 'step-effect',
    without: 'a step claims a milder effect than its kind has',
    file: 'agent/plan/parse-plan.ts',
    ...never("!allowed.includes(step['effect'])"),
    tests: ['test/unit/agent/plan'],
  },
  {
    name: 'plan-id-form',
    without: 'a plan id can be a path',
    file: 'agent/plan/parse-plan.ts',
    from: "planId: 'planId',",
    to: "planId: 'line',",
    tests: ['test/unit/agent/plan'],
  },
  {
    name: 'begin-within',
    without: 'a disrupting step begins although the coordinator is silent for long',
    file: 'agent/plan/decide.ts',
    from: 'return gate.lastAnswerBootMs !== null && gate.nowBootMs - gate.lastAnswerBootMs <= limitMs;',
    to: 'return limitMs > 0 || gate.nowBootMs > 0;',
    tests: ['test/unit/agent/plan'],
  },
  {
    name: 'go-on-after-boot',
    without: 'after a reboot a plan goes on without being told to',
    file: 'agent/plan/decide.ts',
    ...never('hasOtherBoot(history, now)'),
    tests: ['test/unit/agent/plan'],
  },
  {
    name: 'accepted-on-disk',
    without: 'the highest accepted number goes down',
    file: 'agent/plan/accepted.ts',
    ...never('before !== null && compareOrder(pair, before) <= 0'),
    tests: ['test/unit/agent/plan/accepted.test.ts'],
  },
  {
    name: 'signature-type',
    without: 'a signature over one type of content holds for another',
    file: 'shared/signature.ts',
    from: "const typeBytes = Buffer.from(type, 'utf8');",
    to: "const typeBytes = Buffer.from(type === '' ? type : 'any', 'utf8');",
    tests: ['test/unit/shared', 'test/unit/agent/plan/verify.test.ts'],
  },
];
