// Whether etcd keeps its majority, from what each member's host measured. Pure. A host of which
// nothing is known right now counts neither as lost nor as well: nothing is claimed about it.

import type { HealthState } from './judge-health.ts';
import { FRESH_MS } from './judge-host.ts';
import type { Problem } from './problem.ts';
import type { SeenCluster, SeenHost } from './seen-cluster.ts';

export interface Quorum {
  readonly voters: number;
  /** Members that take part, as far as is known. */
  readonly healthy: number;
  /** Members of which nothing is known right now. */
  readonly unknown: number;
  readonly needed: number;
  /** Members that do not take part, by name. */
  readonly missing: readonly string[];
}

interface Judged {
  readonly host: SeenHost;
  readonly state: HealthState;
  readonly problems: readonly Problem[];
}

export interface EtcdJudgement {
  readonly quorum: Quorum | null;
  readonly problems: readonly Problem[];
}

export function judgeEtcd(
  cluster: SeenCluster,
  hosts: readonly Judged[],
  now: number,
): EtcdJudgement {
  const agreed = cluster.etcdMembers;
  if (agreed === null) return { quorum: null, problems: [] };
  const byName = new Map(hosts.map((judged) => [judged.host.name, judged]));
  const listed = listedVoters(hosts, now);
  const voters = listed ?? agreed;
  const states = voters.map((name) => ({ name, ...memberState(byName.get(name)) }));
  const isLed = states.some(({ state }) => state === 'takes-part');
  // Without a leader the members that are up are not to blame: it is the majority that is missing.
  const isWell = (state: MemberState): boolean =>
    state === 'takes-part' || (!isLed && state === 'waits');
  const unknown = states.filter(({ state }) => state === 'unknown').length;
  const lost = states.filter(({ state }) => state !== 'unknown' && !isWell(state));
  const quorum = {
    voters: voters.length,
    healthy: voters.length - unknown - lost.length,
    unknown,
    needed: Math.floor(voters.length / 2) + 1,
    missing: lost.map(({ name }) => name),
  };
  const times = states.flatMap((state) => state.sinceMs ?? []);
  const sinceMs = times.length === 0 ? null : Math.max(...times);
  const problem = quorumProblem(cluster.name, quorum, { isLed, sinceMs });
  return { quorum, problems: [...problem, ...differing(cluster.name, { agreed, listed })] };
}

/** waits: it is up, and answers no read for want of a majority. */
type MemberState = 'takes-part' | 'waits' | 'lost' | 'unknown';

function memberState(judged: Judged | undefined): { state: MemberState; sinceMs: number | null } {
  // No host of this fleet, or none with a member as far as was measured: nobody tells.
  if (judged === undefined || judged.state === 'unknown' || !judged.host.has.etcd)
    return { state: 'unknown', sinceMs: null };
  const { host, problems } = judged;
  const about = problems.find(
    ({ code, params }) =>
      code === 'agent-away' ||
      code === 'etcd-silent' ||
      (code === 'unit-down' && params.unit === 'etcd.service') ||
      (code === 'part-missing' && params.part === 'etcd'),
  );
  if (about === undefined) return { state: 'takes-part', sinceMs: null };
  const etcd = host.measured?.report.etcd;
  const isUp = about.code === 'etcd-silent' && etcd != null && etcd.status !== 'unknown';
  return { state: isUp ? 'waits' : 'lost', sinceMs: about.sinceMs };
}

/** The voters as the freshest member that is part of a majority lists them. */
function listedVoters(hosts: readonly Judged[], now: number): readonly string[] | null {
  const tellers = hosts
    .flatMap(({ host: { measured } }) => measured ?? [])
    .filter(({ measuredMs, report }) => now - measuredMs <= FRESH_MS && report.etcd?.read.ok)
    .toSorted((a, b) => b.measuredMs - a.measuredMs);
  const members = tellers.map(({ report }) => report.etcd?.members).find(Array.isArray);
  if (members === undefined) return null;
  // A member that was added and never started has no name yet.
  return members.filter(({ learner }) => !learner).map(({ name, id }) => name || `member ${id}`);
}

function quorumProblem(
  subject: string,
  quorum: Quorum,
  { isLed, sinceMs }: { readonly isLed: boolean; readonly sinceMs: number | null },
): Problem[] {
  const { voters, healthy, unknown, needed, missing } = quorum;
  const base = { subject, params: { voters, healthy, needed, missing }, sinceMs } as const;
  if (voters - missing.length < needed)
    return [{ ...base, code: 'etcd-quorum-lost', severity: 'error' }];
  if (!isLed && unknown === 0) return [{ ...base, code: 'etcd-leaderless', severity: 'error' }];
  if (missing.length === 0) return [];
  const severity = voters - missing.length === needed ? 'error' : 'warning';
  return [{ ...base, code: 'etcd-reduced', severity }];
}

function differing(
  subject: string,
  of: { readonly agreed: readonly string[]; readonly listed: readonly string[] | null },
): Problem[] {
  if (of.listed === null) return [];
  const params = { listed: of.listed.toSorted(), agreed: of.agreed.toSorted() };
  if (params.listed.join() === params.agreed.join()) return [];
  const code = 'etcd-members-differ';
  return [{ subject, code, params, severity: 'warning', sinceMs: null }];
}
