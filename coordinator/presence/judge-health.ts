// Says what is wrong with a cluster from what its hosts measured. Pure: the same view at the same time
// is the same judgement, and a restart of the coordinator costs nothing but the seconds until its
// agents call again. What was not measured within the last minute is never called healthy.
import { judgeEtcd, type Quorum } from './judge-etcd.ts';
import { isMeasured, judgeHost } from './judge-host.ts';
import { bySeverity, type Problem, type ProblemCode } from './problem.ts';
import type { SeenCluster, SeenHost } from './seen-cluster.ts';

/** down: does not do its work. degraded: does it, and something is wrong. unknown: not measured. */
export type HealthState = 'healthy' | 'degraded' | 'down' | 'away' | 'unknown';

export interface HostHealth {
  readonly name: string;
  /** It has joined the cluster; whether it works is its state's business. */
  readonly isNode: boolean;
  readonly state: HealthState;
  /** Null when nothing was measured since the coordinator started. */
  readonly measuredMs: number | null;
  readonly problems: readonly Problem[];
}

export interface ClusterHealth {
  /** down: no change can be made to the cluster. */
  readonly state: HealthState;
  /** Of the host whose measurement is the oldest; null while one has none. */
  readonly measuredMs: number | null;
  /** Of the cluster itself; those of hosts are with the hosts. */
  readonly problems: readonly Problem[];
  /** Null before etcd was started. */
  readonly quorum: Quorum | null;
  /** By name. */
  readonly hosts: ReadonlyMap<string, HostHealth>;
}

export interface JudgeTimes {
  readonly now: number;
  /** What the ends of certificates are compared with. */
  readonly certificatesNow: number;
}

export function judgeHealth(cluster: SeenCluster, times: JudgeTimes): ClusterHealth {
  const hosts = cluster.hosts.map((host) => ({ host, ...judgeHost(host, { cluster, ...times }) }));
  const etcd = judgeEtcd(cluster, hosts, times.now);
  const api = noApiServer(cluster.name, hosts);
  const problems = [...etcd.problems, ...api].toSorted(bySeverity);
  const judged = hosts.map(({ host, state, measuredMs, problems: own }): HostHealth => {
    const { name, isNode } = host;
    return { name, isNode, state, measuredMs, problems: own.toSorted(bySeverity) };
  });
  const measured = judged.map(({ measuredMs }) => measuredMs);
  return {
    state: stateOf(judged, problems),
    measuredMs: measured.includes(null) ? null : Math.min(...measured.filter((ms) => ms !== null)),
    problems,
    quorum: etcd.quorum,
    hosts: new Map(judged.map((host) => [host.name, host])),
  };
}

interface JudgedHost {
  readonly host: SeenHost;
  readonly state: HealthState;
  readonly problems: readonly Problem[];
}

/**
 * Only said when every master was looked at: right after a start of the coordinator nothing is known.
 * A master whose agent is away may serve: then it takes a host that reaches no API server to say it.
 */
function noApiServer(subject: string, hosts: readonly JudgedHost[]): Problem[] {
  const masters = hosts.filter(({ host }) => host.has.apiServer);
  if (masters.length === 0 || hosts.some(reachesApi)) return [];
  const faults = masters.map(({ problems }) => problems.find(isWithoutApiServer));
  if (faults.includes(undefined)) return [];
  const isGuessed = faults.some((fault) => fault?.code === 'agent-away');
  const isMissed = hosts.some(({ problems }) =>
    problems.some(({ code }) => code === 'api-unreachable'),
  );
  if (isGuessed && !isMissed) return [];
  const times = faults.flatMap((fault) => fault?.sinceMs ?? []);
  const sinceMs = times.length === 0 ? null : Math.max(...times);
  const params = { masters: masters.map(({ host }) => host.name) };
  return [{ subject, code: 'no-api-server', params, severity: 'error', sinceMs }];
}

/** It was just measured, and asked the API for its node and was answered. */
function reachesApi(judged: JudgedHost): boolean {
  if (!isMeasured(judged)) return false;
  const node = judged.host.measured?.report.node ?? null;
  return node !== null && node.kind !== 'unreachable';
}

const isWithoutApiServer = (problem: Problem): boolean =>
  problem.code === 'agent-away' ||
  problem.code === 'api-server-not-ready' ||
  (problem.code === 'part-missing' && problem.params.part === 'api-server');

/**
 * What is only a consequence of something that is wrong with the whole cluster: with no API server
 * left no host reaches one, which is one fact and not one per host.
 */
export function followsFrom(problem: Problem, ofCluster: readonly Problem[]): boolean {
  const isWrong = (...codes: readonly ProblemCode[]): boolean =>
    ofCluster.some(({ code }) => codes.includes(code));
  switch (problem.code) {
    case 'api-unreachable':
      return isWrong('no-api-server');
    case 'api-server-not-ready':
      return isWrong('no-api-server', 'etcd-quorum-lost', 'etcd-leaderless');
    case 'etcd-silent':
      return isWrong('etcd-quorum-lost', 'etcd-leaderless');
    default:
      return false;
  }
}

function stateOf(hosts: readonly HostHealth[], problems: readonly Problem[]): HealthState {
  const stops = ['etcd-quorum-lost', 'etcd-leaderless', 'no-api-server'];
  if (problems.some(({ code }) => stops.includes(code))) return 'down';
  // Of a cluster of which nobody calls nothing is known, neither that it works nor that it does not.
  if (!hosts.some(isMeasured) && problems.length === 0) return 'unknown';
  const isWrong = ({ state }: HostHealth): boolean => state !== 'healthy' && state !== 'unknown';
  if (problems.length > 0 || hosts.some(isWrong)) return 'degraded';
  return hosts.some(({ state }) => state === 'unknown') ? 'unknown' : 'healthy';
}
