// Health as documents: what was judged, with its words, for tables, JSON and `wait`. Pure.

import type { Quorum } from '../presence/judge-etcd.ts';
import type { ClusterHealth, HealthState, HostHealth } from '../presence/judge-health.ts';
import { followsFrom } from '../presence/judge-health.ts';
import { bySeverity, type Problem } from '../presence/problem.ts';
import { sentenceOf } from '../presence/problem-sentences.ts';

export type ProblemDocument = Problem & {
  /** What it is. */
  readonly what: string;
  /** What it means for the cluster. */
  readonly means: string;
  /** A clause: what ends it. */
  readonly endsWhen: string;
};

export interface HostHealthDocument {
  readonly state: HealthState;
  /** Null when nothing was measured since the coordinator started. */
  readonly measuredMs: number | null;
  readonly problems: readonly ProblemDocument[];
}

export interface ClusterHealthDocument extends HostHealthDocument {
  /** Null before etcd was started. */
  readonly quorum: Quorum | null;
  readonly hosts: number;
  /** Hosts of which something within the last minute is known. */
  readonly measuredHosts: number;
}

export const problemDocument = (problem: Problem): ProblemDocument => {
  const { what, means, mend } = sentenceOf(problem);
  return { ...problem, what, means, endsWhen: mend };
};

export const hostHealthDocument = (health: HostHealth): HostHealthDocument => ({
  state: health.state,
  measuredMs: health.measuredMs,
  problems: health.problems.map(problemDocument),
});

/** Problems of the cluster and of its hosts, without what only follows from those of the cluster. */
export function allProblems(health: ClusterHealth): readonly Problem[] {
  const hosts = [...health.hosts.values()].flatMap(({ problems }) => problems);
  const own = hosts.filter((problem) => !followsFrom(problem, health.problems));
  return [...health.problems, ...own.toSorted(bySeverity)];
}

export function clusterHealthDocument(health: ClusterHealth): ClusterHealthDocument {
  const { state, measuredMs, quorum, hosts } = health;
  return {
    state,
    measuredMs,
    quorum,
    hosts: hosts.size,
    measuredHosts: [...hosts.values()].filter(isMeasured).length,
    problems: allProblems(health).map(problemDocument),
  };
}

export const isMeasured = ({ state }: HostHealth): boolean =>
  state !== 'unknown' && state !== 'away';

/** The word of `get nodes` for a host that is a node of the cluster. */
export const nodeStatus: Readonly<Record<HealthState, string>> = {
  healthy: 'ready',
  degraded: 'degraded',
  down: 'not ready',
  away: 'away',
  unknown: 'unknown',
};
