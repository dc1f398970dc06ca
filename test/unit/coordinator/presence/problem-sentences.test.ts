// The words of every problem, as an operator reads them.
import { expect, test } from 'vitest';
import type {
  Problem,
  ProblemCode,
  ProblemParams,
} from '../../../../coordinator/presence/problem.ts';
import { sentenceOf } from '../../../../coordinator/presence/problem-sentences.ts';

const MiB = 1024 * 1024;
const quorum = { voters: 3, healthy: 2, needed: 2, missing: ['m2'], unknown: [] };

/** One of each code: a code without a row does not compile. */
const samples: { readonly [Code in ProblemCode]: ProblemParams[Code] } = {
  'agent-away': { isNode: true, isMaster: false },
  'not-measured': { cause: 'old', agentVersion: '0.1.0' },
  'facts-claimed': {
    claims: [{ field: 'address', value: '192.168.7.9', owner: 'w9' }],
  },
  'agent-trouble': { trouble: 'journal-corrupt', sentence: 'the journal is damaged' },
  'unit-down': { unit: 'kubelet.service', load: 'loaded', state: 'failed (signal)' },
  'unit-restarting': { unit: 'etcd.service', restarts: 12 },
  'kubelet-silent': { message: 'no answer within 4 s' },
  'node-not-ready': { reason: 'KubeletNotReady', message: 'cni plugin not initialized' },
  'node-missing': { node: 'w1' },
  'node-pressure': { pressure: 'DiskPressure' },
  'api-unreachable': { message: 'no answer in time' },
  'api-server-not-ready': { message: 'it answers 500: [-]etcd failed', others: 2 },
  'etcd-silent': { message: 'no answer in time' },
  'etcd-alarm': { alarm: 'NOSPACE' },
  'etcd-space': { databaseBytes: 1900 * MiB, quotaBytes: 2048 * MiB },
  'part-missing': { part: 'etcd' },
  'part-unknown': { part: 'units' },
  'certificate-ends': {
    family: 'kubernetes',
    count: 3,
    path: '/etc/kubernetes/admin.conf',
    days: 12,
    endsMs: Date.UTC(2027, 0, 2),
    renewal: { kind: 'next' },
  },
  'disk-low': { path: '/var/lib/etcd', freeBytes: 512 * MiB, totalBytes: 100 * 1024 * MiB },
  'memory-low': { availableBytes: 64 * MiB, totalBytes: 4096 * MiB },
  'clock-unkept': { service: null },
  'clock-off': { aheadMs: -45_000 },
  'etcd-reduced': quorum,
  'etcd-quorum-lost': { ...quorum, healthy: 1, missing: ['m2', 'm3'] },
  'etcd-leaderless': { ...quorum, healthy: 3, missing: [] },
  'etcd-members-differ': { listed: ['m1'], agreed: ['m1', 'm2'] },
  'no-api-server': { masters: ['m1', 'm2'] },
};

const problem = <Code extends ProblemCode>(code: Code, params: ProblemParams[Code]): Problem =>
  ({ subject: 'w1', code, params, severity: 'error', sinceMs: 0 }) as Problem;

const words = <Code extends ProblemCode>(code: Code, params: ProblemParams[Code]): string => {
  const { what, means, mend } = sentenceOf(problem(code, params));
  return `w1 ${what}; ${means}; ends when ${mend}`;
};

test('every problem says what it is, what it means and what ends it, in whole phrases', () => {
  for (const code of Object.keys(samples) as ProblemCode[]) {
    const { what, means, mend } = sentenceOf(problem(code, samples[code]));
    for (const phrase of [what, means, mend]) {
      expect(phrase, code).toMatch(/^\S/);
      expect(phrase, code).not.toMatch(/undefined|NaN|\.$|\n| {2}|HOST/);
    }
  }
});

const nearEnd = {
  family: 'etcd',
  count: 1,
  path: '/etc/etcd/pki/peer.crt',
  days: 12,
  endsMs: Date.UTC(2027, 0, 2),
} as const;

test.each([
  [
    'a lost member, with the quorum',
    words('etcd-reduced', quorum),
    'w1 has 2 of 3 etcd members (without m2); it needs 2: one more lost stops the cluster; ends when m2 is back',
  ],
  [
    'a lost quorum',
    words('etcd-quorum-lost', { ...quorum, healthy: 1, missing: ['m2', 'm3'] }),
    'w1 has 1 of 3 etcd members (without m2, m3), and needs 2; the cluster takes no change; pods that run go on; ends when 1 of m2, m3 is back',
  ],
  [
    'a member to spare',
    words('etcd-reduced', { ...quorum, voters: 5, healthy: 4, needed: 3, missing: ['m5'] }),
    'w1 has 4 of 5 etcd members (without m5); it needs 3: 1 more may be lost, the next one stops the cluster; ends when m5 is back',
  ],
  [
    'members of which nothing is known',
    words('etcd-reduced', { ...quorum, healthy: 1, missing: [], unknown: ['m2', 'm3'] }),
    'w1 has 1 of 3 etcd members that are known to be up (nothing is known of m2, m3); it needs 2: whether one more may be lost is not known; ends when m2, m3 are measured again',
  ],
  [
    'a lost member next to one of which nothing is known',
    words('etcd-reduced', { ...quorum, healthy: 1, unknown: ['m3'] }),
    'w1 has 1 of 3 etcd members that are known to be up (without m2; nothing is known of m3); it needs 2: whether one more may be lost is not known; ends when m2 is back',
  ],
  [
    'two lost members while a read is still answered',
    words('etcd-reduced', { ...quorum, healthy: 1, missing: ['m2', 'm3'] }),
    'w1 has 1 of 3 etcd members (without m2, m3); it needs 2: whether one more may be lost is not known; ends when m2, m3 are back',
  ],
  [
    'a single member that is gone',
    words('etcd-quorum-lost', { ...quorum, voters: 1, healthy: 0, needed: 1, missing: ['m1'] }),
    'w1 has 0 of 1 etcd members (without m1), and needs 1; the cluster takes no change; pods that run go on; ends when m1 is back',
  ],
  [
    'a masked unit, with the way out',
    words('unit-down', { unit: 'kubelet.service', load: 'masked', state: 'failed' }),
    'w1 has no kubelet.service (masked); nothing is started, stopped or probed there; Kubernetes moves its pods to other nodes after five minutes; ends when it runs again (on w1: `systemctl unmask kubelet.service && systemctl start kubelet.service`)',
  ],
  [
    'a certificate that ended',
    words('certificate-ends', {
      family: 'etcd',
      count: 1,
      path: '/etc/etcd/pki/peer.crt',
      days: -2,
      endsMs: Date.UTC(2027, 0, 2),
      renewal: { kind: 'held', why: 'm2: etcd has no leader', planId: 'p1' },
    }),
    'w1 has a certificate near its end: /etc/etcd/pki/peer.crt ended on 2027-01-02; with it the etcd member of this host is lost to the others; ends when you mend what is in the way and run `coordinator retry w1`; renewing it failed: m2: etcd has no leader',
  ],
  [
    'a certificate whose renewal waits for another master',
    words('certificate-ends', { ...nearEnd, renewal: { kind: 'change', name: 'm2' } }),
    'w1 has a certificate near its end: /etc/etcd/pki/peer.crt ends on 2027-01-02, in 12 days; with it the etcd member of this host is lost to the others; ends when it is renewed by itself, after m2: one master at a time',
  ],
  [
    'a certificate that lives shortly and is renewed in time',
    words('certificate-ends', {
      ...nearEnd,
      renewal: { kind: 'later', dueMs: Date.UTC(2026, 11, 30) },
    }),
    'w1 has a certificate near its end: /etc/etcd/pki/peer.crt ends on 2027-01-02, in 12 days; with it the etcd member of this host is lost to the others; ends when it is renewed by itself on 2026-12-30; `coordinator certificates renew w1` does it now',
  ],
  [
    'a master that is off',
    words('agent-away', { isNode: true, isMaster: true }),
    'w1 is away: its agent does not call (the host is off, cut from the network, or its agent is stopped); whether its API server and its etcd member work is not known; ends when it calls again (switch w1 on; on it: `systemctl status muster-agent`)',
  ],
])('%s', (_, said, expected) => {
  expect(said).toBe(expected);
});

test.each(['starting', 'none', 'old', 'unreadable'] as const)(
  'not measured because of %s has words of its own',
  (cause) => {
    expect(words('not-measured', { cause, agentVersion: '' })).toMatch(
      /^w1 (has not called|was not measured).*nothing is known of it; ends when/,
    );
  },
);
