// What keeps a token, a certificate, a secret and an artifact good for what they were made for alone.
import type { Mutation } from './mutation.ts';

const enrollment = 'test/unit/coordinator/enrollment';
const fleet = 'test/unit/coordinator/rpc/fleet';
const tokens = 'coordinator/enrollment/tokens.ts';

/** The condition as one that never holds. */
const never = (condition: string): { readonly from: string; readonly to: string } => ({
  from: `if (${condition})`,
  to: `if (false && (${condition}))`,
});

export const identityMutations: readonly Mutation[] = [
  {
    name: 'token-life',
    without: 'a token can live for years',
    file: tokens,
    from: 'ttlMs > 0 && ttlMs <= longest',
    to: 'ttlMs > 0',
    tests: [`${enrollment}/tokens.test.ts`],
  },
  {
    name: 'token-standing',
    without: 'a token that lives for months makes masters',
    file: tokens,
    ...never("pool.roles.some((role) => role !== 'worker')"),
    tests: [`${enrollment}/tokens.test.ts`],
  },
  {
    name: 'most-nodes',
    without: 'a leaked token fills the store with nodes',
    file: 'coordinator/enrollment/refuse-duplicate.ts',
    from: 'holding.length < mostNodes ||',
    to: 'holding.length > 0 ||',
    tests: [`${enrollment}/most-nodes.test.ts`],
  },
  {
    name: 'renewal-copy',
    without: 'two copies of a host are each given the next certificate',
    file: 'coordinator/identity/judge-renewal.ts',
    from: 'if (renewal.requestSha256 === claim.requestSha256) return',
    to: 'if (told === counter) return',
    tests: ['test/unit/coordinator/identity/judge-renewal.test.ts'],
  },
  {
    name: 'renewal-half-life',
    without: 'a certificate is renewed when it has ended, not before',
    file: 'agent/identity/renewal.ts',
    from: '(0.5 + spread * share)',
    to: '(1 + spread * share)',
    tests: ['test/unit/agent/identity/renewal-times.test.ts'],
  },
  {
    name: 'return-window',
    without: 'a key that was away for months comes back by itself',
    file: 'coordinator/identity/judge-return.ts',
    ...never('now > certificate.notAfterMs + windowMs'),
    tests: [`${enrollment}/come-back.test.ts`],
  },
  {
    name: 'return-count',
    without: 'a key comes back by itself any number of times',
    file: 'coordinator/identity/judge-return.ts',
    ...never('countedReturns(node, now).length >= mostReturns'),
    tests: [`${enrollment}/come-back.test.ts`],
  },
  {
    name: 'foreign-stop',
    without: "a host has another's plan stopped",
    file: 'coordinator/plan-records/stop-unwanted-plan.ts',
    from: 'record.nodeId === nodeId && states.includes(record.state)',
    to: 'states.includes(record.state)',
    tests: [`${fleet}/stop-unwanted.test.ts`],
  },
  {
    name: 'seal-purpose',
    without: 'what was sealed for one host, cluster or goal opens for another',
    file: 'shared/seal.ts',
    from: "schema: 'muster/sealed/v2', fleet, cluster, consumer, goal, context",
    to: "schema: 'muster/sealed/v2', context",
    tests: ['test/unit/agent/steps/join-credentials.test.ts'],
  },
  {
    name: 'node-machine',
    without: "the Node of another machine of the same name counts as the host's own",
    file: 'agent/steps/own-machine.ts',
    from: 'if (found === own) return null;',
    to: "if (found !== '') return null;",
    tests: ['test/unit/agent/steps/kube-waits.test.ts'],
  },
  {
    name: 'artifact-digest',
    without: 'a mirror gives other bytes than the plan names',
    file: 'agent/artifacts/transfer.ts',
    from: 'if (digest === transfer.reference.sha256)',
    to: "if (digest !== '')",
    tests: ['test/unit/agent/artifacts/artifact-store.test.ts'],
  },
  {
    name: 'running-plan-expiry',
    without: 'a plan that runs is cut in half by its expiry',
    file: 'agent/plan/decide.ts',
    from: 'if (now.isOwn || now.mayGoOn) return null;',
    to: 'if (now.mayGoOn) return null;',
    tests: ['test/unit/agent/plan/expiry.test.ts'],
  },
  {
    name: 'expiry-after-restart',
    without: 'an agent that was away for long goes on with an expired plan',
    file: 'agent/plan/decide.ts',
    ...never('now.nowMs >= plan.expiresMs'),
    tests: ['test/unit/agent/plan/expiry.test.ts'],
  },
  {
    name: 'join-gate',
    without: 'a further master joins while etcd is not healthy',
    file: 'coordinator/planner/changes.ts',
    from: "goal: 'join',\n    gateBefore: { etcd: true,",
    to: "goal: 'join',\n    gateBefore: { etcd: false,",
    tests: ['test/transcripts/runbooks.test.ts'],
  },
];
