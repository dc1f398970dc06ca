// Whether etcd keeps its majority, from what each member's host measured. Pure. A member of which
// nothing is known right now counts neither as lost nor as well. One whose agent is away may work: it
// is lost only together with a majority that another member misses.

import type { HealthState } from './judge-health.ts';
import { FRESH_MS, isDown, isMeasured } from './judge-host.ts';
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
  const listed = listedVoters(hosts, agreed);
  const voters = listed ?? agreed;
  const states = voters.map((name) => ({ name, ...memberState(byName.get(name), now) }));
  const isLed = states.some(({ state }) => state === 'takes-part');
  const isMissed = states.some(({ state }) => state === 'waits');
  // Without a leader the members that are up are not to blame: it is the majority that is missing.
  const isLost = (state: MemberState): boolean =>
    state === 'lost' || (isLed ? state === 'waits' : isMissed && state === 'away');
  const lost = states.filter(({ state }) => isLost(state));
  const unknown = states.filter(
    ({ state }) => state === 'unknown' || (state === 'away' && !isLost(state)),
  );
  const quorum = {
    voters: voters.length,
    healthy: voters.length - unknown.length - lost.length,
    unknown: unknown.length,
    needed: Math.floor(voters.length / 2) + 1,
    missing: lost.map(({ name }) => name),
  };
  const away = unknown.filter(({ state }) => state === 'away');
  const times = [...lost, ...away].flatMap((state) => state.sinceMs ?? []);
  const problem = quorumProblem(cluster.name, quorum, {
    isLed,
    away: away.length,
    unknown: unknown.map(({ name }) => name),
    sinceMs: times.length === 0 ? null : Math.max(...times),
  });
  return { quorum, problems: [...problem, ...differing(cluster.name, { agreed, listed })] };
}

/**
 * takes-part: it answered a read that needs a majority. waits: it is up, and answers no read for want
 * of a majority. away: its agent does not call, and it was not measured as lost before.
 */
type MemberState = 'takes-part' | 'waits' | 'lost' | 'away' | 'unknown';

function memberState(
  judged: Judged | undefined,
  now: number,
): { readonly state: MemberState; readonly sinceMs: number | null } {
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
  const { sinceMs } = about;
  if (about.code === 'agent-away')
    return { state: wasLost(host.measured, now) ? 'lost' : 'away', sinceMs };
  const etcd = host.measured?.report.etcd;
  const isUp = about.code === 'etcd-silent' && etcd != null && etcd.status !== 'unknown';
  return { state: isUp ? 'waits' : 'lost', sinceMs };
}

/** Within the last minute, before its agent went away. */
function wasLost(measured: SeenHost['measured'], now: number): boolean {
  if (measured === null || now - measured.measuredMs > FRESH_MS) return false;
  const { report } = measured;
  return report.etcd === null || isDown(report, 'etcd.service');
}

/**
 * The voters as the freshest member that is part of a majority lists them. Only agreed members are
 * asked, and only a list that shares one with the agreed ones is of this etcd: no host can make up
 * an etcd of its own.
 */
function listedVoters(
  hosts: readonly Judged[],
  agreed: readonly string[],
): readonly string[] | null {
  const lists = hosts
    .filter(({ host, state }) => agreed.includes(host.name) && isMeasured({ state }))
    .flatMap(({ host: { measured } }) => measured ?? [])
    .filter(({ report }) => report.etcd?.read.ok)
    .toSorted((a, b) => b.measuredMs - a.measuredMs)
    .flatMap(({ report }) => {
      const members = report.etcd?.members ?? 'unknown';
      return members === 'unknown' ? [] : [members.filter(({ learner }) => !learner)];
    });
  const list = lists.find((voters) => voters.some(({ name }) => agreed.includes(name)));
  // A member that was added and never started has no name yet.
  return list?.map(({ name, id }) => name || `member ${id}`) ?? null;
}

function quorumProblem(
  subject: string,
  quorum: Quorum,
  of: {
    readonly isLed: boolean;
    /** Members of those that are not known, of which nothing is known because their agent is away. */
    readonly away: number;
    readonly unknown: readonly string[];
    readonly sinceMs: number | null;
  },
): Problem[] {
  const { voters, healthy, needed, missing } = quorum;
  const { isLed, away, unknown, sinceMs } = of;
  const params = { voters, healthy, needed, missing, unknown };
  const base = { subject, params, sinceMs } as const;
  const left = voters - missing.length;
  // Who just answered a read had a majority, whatever else was measured before or after it.
  if (!isLed && left < needed) return [{ ...base, code: 'etcd-quorum-lost', severity: 'error' }];
  if (!isLed && unknown.length === 0)
    return [{ ...base, code: 'etcd-leaderless', severity: 'error' }];
  // Nobody measured anything of a majority: that its hosts are away is said with them.
  if (missing.length === 0 && (away === 0 || !isLed)) return [];
  const severity = left - away <= needed ? 'error' : 'warning';
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
